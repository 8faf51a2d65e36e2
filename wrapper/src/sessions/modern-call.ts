import { createHash, randomBytes } from 'node:crypto';
import { INPUT_COLLECT_MS } from '../limits.ts';
import { capabilityFor, hasCapability } from '../protocol/client-capability.ts';
import {
  ERROR,
  isObject,
  type JsonObject,
  type Notification,
  type Request,
  type RequestId,
  type ResponseBody,
  renderResponse,
  stringifySafely,
} from '../protocol/json-rpc.ts';
import { isLoggedAt } from '../protocol/log-level.ts';
import type { ModernMeta } from '../protocol/modern-meta.ts';
import { toModernBody } from '../protocol/modern-result.ts';
import type { CallSink, ChildAsk } from './call-sink.ts';
import type { Channel } from './channel.ts';
import type { HeldCalls } from './held-calls.ts';
import type { ServerInstance } from './server-instance.ts';

/** One request of a client that tries the call: the first one, or one that brings input. */
export interface ModernAttempt {
  id: RequestId;
  channel: Channel;
  meta: ModernMeta;
}

/**
 * A request of a modern client on its way through the child. What a legacy child asks meanwhile ends the attempt with
 * `input_required`; the call is held in the child until the client comes back (2026-07-28, MRTR).
 */
export class ModernCall implements CallSink {
  readonly era = 'modern';
  readonly session = undefined;
  readonly #request: Request;
  readonly #principalId: string;
  readonly #instance: ServerInstance;
  readonly #held: HeldCalls;
  readonly #asks = new Map<string, ChildAsk>();
  /** Undefined while the client gathers input. */
  #attempt: ModernAttempt | undefined;
  #holdId: string | undefined;
  #callId: number | undefined;
  #lastAsk = 0;
  #round = 0;
  #isCollecting = false;
  #collectTimer: NodeJS.Timeout | undefined;
  #holdTimer: NodeJS.Timeout | undefined;
  /** What came while nobody was there to take it. */
  #outcome: ResponseBody | undefined;
  /** What the client would have had to be able to do. */
  #missing: JsonObject | undefined;

  constructor(options: {
    request: Request;
    attempt: ModernAttempt;
    principalId: string;
    instance: ServerInstance;
    held: HeldCalls;
  }) {
    this.#request = options.request;
    this.#attempt = options.attempt;
    this.#principalId = options.principalId;
    this.#instance = options.instance;
    this.#held = options.held;
  }

  get client(): object {
    return this;
  }

  get isHeld(): boolean {
    return this.#attempt === undefined;
  }

  /** Made on first use: few calls are ever held. */
  get holdId(): string {
    this.#holdId ??= randomBytes(12).toString('base64url');
    return this.#holdId;
  }

  /** How often the client was sent for input. */
  get round(): number {
    return this.#round;
  }

  get digest(): string {
    return digestOf(this.#request);
  }

  start(request: Pick<Request, 'method' | 'params'>): void {
    this.#callId = this.#instance.relay.forward(request, this);
  }

  /** The client closed the stream of this attempt, which cancels the call (2026-07-28, cancellation). */
  disconnected(attempt: ModernAttempt): void {
    if (this.#attempt === attempt) this.cancel('The client closed the stream');
  }

  cancel(reason: unknown): void {
    if (this.#callId !== undefined) this.#instance.relay.cancel(this.#callId, reason);
  }

  /** The client is back. What it did not bring is asked for again. */
  resume(attempt: ModernAttempt, inputResponses: JsonObject): void {
    clearTimeout(this.#holdTimer);
    const before = this.#attempt;
    this.#attempt = attempt;
    // A second one at once: the newest counts, since the connection of the one before may be lost.
    if (before) this.#respond(before, { error: { code: ERROR.internal, message: 'The request was made once more' } });
    for (const [key, ask] of [...this.#asks]) {
      const result = inputResponses[key];
      if (!isObject(result)) continue;
      this.#asks.delete(key);
      ask.answer({ result });
    }
    if (this.#outcome) this.#end(this.#outcome);
    else if (this.#asks.size > 0) this.#collect();
  }

  wantsLog(level: unknown): boolean {
    const least = this.#attempt?.meta.logLevel;
    return least !== undefined && isLoggedAt(level, least);
  }

  notify({ method, params }: Notification): boolean {
    const text = stringifySafely({ jsonrpc: '2.0', method, ...(params && { params }) });
    return text !== undefined && this.#attempt?.channel.send(text) === true;
  }

  ask(ask: ChildAsk): void {
    const needed = capabilityFor(ask);
    const declared = this.#attempt?.meta.clientCapabilities;
    if (needed && declared && !hasCapability(declared, needed)) {
      this.#missing = { ...this.#missing, ...needed };
      return ask.answer({
        error: { code: ERROR.methodNotFound, message: `The client does not support ${ask.method}` },
      });
    }
    this.#lastAsk += 1;
    this.#asks.set(`${ask.method}-${this.#lastAsk}`, ask);
    if (this.#attempt) this.#collect();
  }

  withdraw(ask: ChildAsk): void {
    for (const [key, { id }] of this.#asks) if (id === ask.id) this.#asks.delete(key);
  }

  reply(body: ResponseBody): void {
    if (this.#attempt) this.#end(body);
    else this.#outcome = body;
  }

  abandon(): void {
    this.#close();
  }

  /** What a child asks for in one go is sent together: when it answers a ping, all it wrote before has been read. */
  #collect(): void {
    if (this.#isCollecting) return;
    this.#isCollecting = true;
    const flush = (): void => {
      if (!this.#isCollecting) return;
      this.#isCollecting = false;
      clearTimeout(this.#collectTimer);
      void this.#requireInput();
    };
    this.#collectTimer = setTimeout(flush, INPUT_COLLECT_MS);
    this.#instance.supervisor.request('ping').then(flush, flush);
  }

  async #requireInput(): Promise<void> {
    const attempt = this.#attempt;
    if (!attempt || this.#asks.size === 0) return;
    if (!this.#held.hold(this, this.#principalId)) {
      const message = 'Too many calls of this client wait for its input';
      for (const ask of this.#asks.values()) ask.answer({ error: { code: ERROR.internal, message } });
      this.#asks.clear();
      return;
    }
    const inputRequests = Object.fromEntries(
      [...this.#asks].map(([key, { method, params }]) => [key, { method, ...(params && { params }) }]),
    );
    this.#round += 1;
    const requestState = await this.#held.sign(this, this.#principalId);
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    this.#holdTimer = setTimeout(() => this.#lapse(), this.#held.inputWaitMs);
    this.#respond(attempt, { result: { resultType: 'input_required', inputRequests, requestState } });
  }

  /** The client did not come back. Its server may have answered, or gone, meanwhile. */
  #lapse(): void {
    if (this.#outcome) this.#close();
    else this.cancel('The client did not bring the input in time');
  }

  #end(body: ResponseBody): void {
    const attempt = this.#attempt;
    this.#close();
    if (attempt) this.#respond(attempt, this.#missing && isFailure(body) ? missingCapability(this.#missing) : body);
  }

  #respond({ id, channel }: ModernAttempt, body: ResponseBody): void {
    const { state } = this.#instance.supervisor;
    const serverInfo = state.kind === 'ready' ? state.server.serverInfo : undefined;
    const modern = toModernBody(toUrlInput(body), { method: this.#request.method, serverInfo });
    channel.end(renderResponse(id, modern), statusOf(modern));
  }

  #close(): void {
    this.#isCollecting = false;
    clearTimeout(this.#collectTimer);
    clearTimeout(this.#holdTimer);
    this.#attempt = undefined;
    if (this.#holdId !== undefined) this.#held.release(this);
  }
}

/** What must be the same when the client comes back: everything but its metadata and the input (MRTR). */
export function digestOf({ method, params }: Pick<Request, 'method' | 'params'>): string {
  const { _meta, inputResponses, requestState, ...salient } = params ?? {};
  return createHash('sha256')
    .update(`${method}\n${stringifySafely(salient)}`)
    .digest('base64url');
}

/** HTTP status of a response that is a plain JSON body (2026-07-28, streamable HTTP, protocol version header). */
function statusOf(body: ResponseBody): number {
  const code = 'error' in body && isObject(body.error) ? body.error.code : undefined;
  if (code === ERROR.methodNotFound) return 404;
  const isBadRequest =
    code === ERROR.missingCapability || code === ERROR.unsupportedVersion || code === ERROR.headerMismatch;
  return isBadRequest ? 400 : 200;
}

function isFailure(body: ResponseBody): boolean {
  return 'error' in body || (isObject(body.result) && body.result.isError === true);
}

function missingCapability(requiredCapabilities: JsonObject): ResponseBody {
  const message = `The client must support ${Object.keys(requiredCapabilities).join(', ')} for this request`;
  return { error: { code: ERROR.missingCapability, message, data: { requiredCapabilities } } };
}

/**
 * 2025-11-25 servers tell by an error that URLs must be opened first; 2026-07-28 asks for them as input, and the client
 * makes the call again.
 */
function toUrlInput(body: ResponseBody): ResponseBody {
  if (!('error' in body) || !isObject(body.error) || body.error.code !== ERROR.urlElicitationRequired) return body;
  const { data, message } = body.error;
  const elicitations = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations.filter(isObject) : [];
  if (elicitations.length === 0) return { error: { code: ERROR.internal, message } };
  const inputRequests = Object.fromEntries(
    elicitations.map((params, i) => [`elicitation/create-${i + 1}`, { method: 'elicitation/create', params }]),
  );
  return { result: { resultType: 'input_required', inputRequests } };
}
