import type { PostExchange } from '../http/post-exchange.ts';
import {
  ERROR,
  isObject,
  type JsonObject,
  type Notification,
  type Request,
  type RequestId,
  type Response,
  type RpcError,
  renderError,
  stringifySafely,
} from '../protocol/json-rpc.ts';
import type { NotificationRouter } from './notification-router.ts';
import type { Session } from './session.ts';

interface Call {
  /** The id the client chose. */
  id: RequestId;
  exchange: PostExchange;
  progressToken: unknown;
  timer: NodeJS.Timeout;
  onAnswer: ((isSuccess: boolean) => void) | undefined;
}

export interface RelayOptions {
  requestTimeoutMs: number;
  /** False when the child's input is full. */
  send: (line: string) => boolean;
  notifications: NotificationRouter;
}

/**
 * Carries requests of many clients to one child and the answers back. Each request gets an id of our own (an integer,
 * unique for the life of the wrapper), which stands in for its progress token too, so equal ids of two clients never meet.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #calls = new Map<number, Call>();
  #lastId = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  get callsInFlight(): number {
    return this.#calls.size;
  }

  /** @param onAnswer told once the child has answered, before the client is */
  forward(request: Request, exchange: PostExchange, onAnswer?: (isSuccess: boolean) => void): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const { params, progressToken } = replaceProgressToken(request.params, id);
    const line = stringifySafely({ jsonrpc: '2.0', id, method: request.method, ...(params && { params }) });
    if (line === undefined || !this.#options.send(line)) {
      const message = 'The MCP server does not read its input at the moment';
      exchange.reply(renderError(request.id, { code: ERROR.internal, message, data: { reason: 'busy' } }));
      return;
    }
    const timer = setTimeout(() => this.#expire(id), this.#options.requestTimeoutMs);
    this.#calls.set(id, { id: request.id, exchange, progressToken, timer, onAnswer });
    if (exchange.session) exchange.session.callsInFlight += 1;
  }

  /** `notifications/cancelled` of a client: the child learns its own id, the answer is dropped should it still come. */
  cancel(session: Session, params: JsonObject | undefined): void {
    for (const [id, call] of this.#calls) {
      if (call.exchange.session !== session || call.id !== params?.requestId) continue;
      this.#take(id);
      this.#sendCancelled(id, params?.reason);
      call.exchange.abandon(renderError(call.id, { code: ERROR.cancelled, message: 'Cancelled by the client' }));
      return;
    }
  }

  receiveResponse(id: RequestId | null, response: Response): void {
    const call = typeof id === 'number' ? this.#take(id) : undefined;
    if (!call) return;
    call.onAnswer?.('result' in response.body);
    const text = stringifySafely({ jsonrpc: '2.0', id: call.id, ...response.body });
    const tooDeep = { code: ERROR.internal, message: 'The MCP server answered with something nested too deeply' };
    call.exchange.reply(text ?? renderError(call.id, tooDeep));
  }

  receiveNotification(notification: Notification): void {
    if (notification.method !== 'notifications/progress') {
      const exchanges = new Set<PostExchange>();
      for (const { exchange } of this.#calls.values()) exchanges.add(exchange);
      this.#options.notifications.route(notification, exchanges);
      return;
    }
    const token = notification.params?.progressToken;
    const call = typeof token === 'number' ? this.#calls.get(token) : undefined;
    if (call?.progressToken === undefined) return;
    call.timer.refresh();
    const params = { ...notification.params, progressToken: call.progressToken };
    const text = stringifySafely({ jsonrpc: '2.0', method: notification.method, params });
    if (text !== undefined) call.exchange.notify(text);
  }

  /** Answers one call with an error of ours. */
  fail(id: number, error: RpcError): void {
    const call = this.#take(id);
    if (!call) return;
    call.onAnswer?.(false);
    call.exchange.reply(renderError(call.id, error));
  }

  failAll(error: RpcError): void {
    for (const id of [...this.#calls.keys()]) this.fail(id, error);
  }

  /** Resolves when no call is open, or after the time. */
  async whenIdle(timeoutMs: number): Promise<void> {
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #expire(id: number): void {
    const seconds = Math.round(this.#options.requestTimeoutMs / 1000);
    this.#sendCancelled(id, 'timed out');
    this.fail(id, { code: ERROR.timeout, message: `The MCP server did not answer within ${seconds} s` });
  }

  #sendCancelled(requestId: number, reason: unknown): void {
    const params = { requestId, ...(typeof reason === 'string' && { reason }) };
    this.#options.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }));
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id);
    if (!call) return undefined;
    this.#calls.delete(id);
    clearTimeout(call.timer);
    if (call.exchange.session) call.exchange.session.callsInFlight -= 1;
    if (this.#calls.size === 0) this.#onIdle?.();
    return call;
  }
}

function replaceProgressToken(
  params: JsonObject | undefined,
  id: number,
): { params: JsonObject | undefined; progressToken: unknown } {
  const meta = params?._meta;
  if (!isObject(meta) || meta.progressToken === undefined) return { params, progressToken: undefined };
  return { params: { ...params, _meta: { ...meta, progressToken: id } }, progressToken: meta.progressToken };
}
