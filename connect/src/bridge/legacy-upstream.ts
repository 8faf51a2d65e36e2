import { setTimeout as pause } from 'node:timers/promises';
import { answerInRefusal, answerOf } from './answer-of.ts';
import { isQuick, isRepeatable } from './is-repeatable.ts';
import { ERROR, isObject, type JsonObject, type Message, type ResponseBody } from './json-rpc.ts';
import {
  GOODBYE_CANCELS_MAX,
  LISTEN_DELAY_MAX_MS,
  LISTEN_DELAY_MIN_MS,
  QUICK_TIMEOUT_MS,
  RESUMPTIONS_MAX,
  RETRY_DELAY_MIN_MS,
} from './limits.ts';
import { withoutIdentity } from './meta.ts';
import { NEWEST_LEGACY_VERSION } from './protocol-version.ts';
import { RemoteError } from './remote-failure.ts';
import type { PostEnd, Transport } from './transport.ts';
import {
  type Call,
  type Notification,
  RpcFailure,
  type ServerDescription,
  SessionLostError,
  type Upstream,
  type UpstreamOptions,
} from './upstream.ts';

/** What is known of a session once `initialize` was answered. */
interface Session {
  id: string | undefined;
  description: ServerDescription;
}

/** A session with a server of the revisions up to 2025-11-25 (transports, streamable HTTP). */
export class LegacyUpstream implements Upstream {
  readonly #transport: Transport;
  readonly #options: UpstreamOptions;
  readonly #session: Session;
  readonly #closing = new AbortController();
  readonly #calls = new Map<number, (body: ResponseBody) => void>();
  /** What the server asks and still waits for. */
  readonly #asks = new Map<unknown, AbortController>();
  #isStarted = false;
  #goodbyes = 0;
  #ready: Promise<unknown> = Promise.resolve();

  private constructor(transport: Transport, options: UpstreamOptions, session: Session) {
    this.#transport = transport;
    this.#options = options;
    this.#session = session;
  }

  /** @throws RpcFailure the server's error to `initialize`, RemoteError */
  static async open(transport: Transport, options: UpstreamOptions): Promise<LegacyUpstream> {
    const id = options.nextId();
    const message = { jsonrpc: '2.0', id, method: 'initialize', params: initializeParams(options.client) };
    let sessionId: string | undefined;
    const { body } = await answerOf(transport, {
      id,
      message,
      headers: {},
      isRepeatable: true,
      silenceMs: QUICK_TIMEOUT_MS,
      onMessage: () => {},
      onSession: (session) => {
        sessionId = session;
      },
    });
    if (!body) throw new RemoteError({ kind: 'unanswered' });
    if ('error' in body) throw new RpcFailure(asRpcError(body.error));
    const result = isObject(body.result) ? body.result : {};
    return new LegacyUpstream(transport, options, { id: sessionId, description: describe(result) });
  }

  get description(): ServerDescription {
    return this.#session.description;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#ready = this.#begin().catch(() => {});
  }

  async call(call: Call): Promise<ResponseBody> {
    await this.#ready;
    const body = await this.#request(call);
    if (!('error' in body)) this.#remember(call);
    return body;
  }

  async notify({ method, params }: Notification): Promise<void> {
    await this.#ready;
    await this.#send({ jsonrpc: '2.0', method, ...(params && { params }) });
  }

  async close({ isPolite }: { isPolite: boolean }): Promise<void> {
    this.#closing.abort();
    if (isPolite && this.#session.id !== undefined) await this.#transport.endSession(this.#headers());
  }

  /** Says that the client is ready, and brings back what the former session had. */
  async #begin(): Promise<void> {
    await this.#send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    void this.#keepListening();
    const { logLevel, subscriptions } = this.#options.state;
    if (logLevel !== undefined) await this.#requestQuietly('logging/setLevel', { level: logLevel });
    await Promise.all([...subscriptions].map((uri) => this.#requestQuietly('resources/subscribe', { uri })));
  }

  /** What fails here is not asked for again: the client's own request for it was answered long ago. */
  async #requestQuietly(method: string, params: JsonObject): Promise<void> {
    const ask = async (): Promise<ResponseBody> => refusal('nobody to ask');
    const call = { method, params, isModern: false, signal: this.#closing.signal, onNotification: () => {}, ask };
    await this.#request(call).catch(() => {});
  }

  async #request(call: Call): Promise<ResponseBody> {
    const { method, signal } = call;
    const id = this.#options.nextId();
    const params = call.isModern ? withoutIdentity(call.params) : call.params;
    const stream = new AbortController();
    const cancel = (): void => {
      if (!this.#closing.signal.aborted || this.#goodbyes++ < GOODBYE_CANCELS_MAX) void this.#sendCancelled(id);
      stream.abort();
    };
    signal.addEventListener('abort', cancel, { once: true });
    const elsewhere = new Promise<ResponseBody>((resolve) => this.#calls.set(id, resolve));
    const onMessage = (message: Message): void => this.#receive(message, call);
    try {
      const { body, end } = await this.#withSession(
        answerOf(this.#transport, {
          id,
          message: { jsonrpc: '2.0', id, method, ...(params && { params }) },
          headers: this.#headers(),
          isRepeatable: isRepeatable(method),
          silenceMs: isQuick(method) ? QUICK_TIMEOUT_MS : this.#options.callTimeoutMs,
          signal: stream.signal,
          onMessage,
        }).catch((error: unknown) => {
          const answer = answerInRefusal(error);
          if (answer && !isSessionLost(error, this.#session.id)) return { body: answer, end: undefined };
          throw error;
        }),
      );
      if (body) return body;
      return await this.#resume(end, { id, elsewhere, signal: stream.signal, onMessage });
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#calls.delete(id);
    }
  }

  /** Gets the rest of a stream that ended before the response came (2025-11-25, resumability and redelivery). */
  async #resume(
    end: PostEnd | undefined,
    call: { id: number; elsewhere: Promise<ResponseBody>; signal: AbortSignal; onMessage: (message: Message) => void },
  ): Promise<ResponseBody> {
    let { lastEventId, retryMs } = end ?? {};
    let found: ResponseBody | undefined;
    void call.elsewhere.then((body) => {
      found = body;
    });
    let heardAt = Date.now();
    const onMessage = (message: Message): void => {
      heardAt = Date.now();
      call.onMessage(message);
    };
    const leftMs = (): number => this.#options.callTimeoutMs - (Date.now() - heardAt);
    for (let attempts = 0; attempts < RESUMPTIONS_MAX; attempts++) {
      const pauseMs = lastEventId === undefined ? 0 : Math.min(pauseOf(retryMs), leftMs());
      // A response may have come by the listening stream in the meantime.
      await Promise.race([call.elsewhere, pause(pauseMs)]);
      if (found) return found;
      const silenceMs = leftMs();
      if (lastEventId === undefined || call.signal.aborted || silenceMs <= 0) break;
      const stream = new AbortController();
      const stop = (): void => stream.abort();
      call.signal.addEventListener('abort', stop, { once: true });
      void call.elsewhere.then(stop);
      const headers = { ...this.#headers(), 'last-event-id': lastEventId };
      try {
        const next = await this.#transport.listen({ headers, silenceMs, signal: stream.signal, onMessage });
        if (found) return found;
        if (!next) break;
        // A server that ends its streams on purpose may do so any number of times.
        if (next.lastEventId !== undefined && next.lastEventId !== lastEventId) attempts = 0;
        lastEventId = next.lastEventId ?? lastEventId;
        retryMs = next.retryMs ?? retryMs;
      } catch (error) {
        if (found) return found;
        if (error instanceof RemoteError && error.failure.kind === 'http' && error.failure.status < 500) break;
      } finally {
        call.signal.removeEventListener('abort', stop);
      }
    }
    throw new RemoteError({ kind: 'unanswered' });
  }

  #receive(message: Message, call: Call | undefined): void {
    if (message.kind === 'response') {
      if (typeof message.id === 'number') this.#calls.get(message.id)?.(message.body);
    } else if (message.kind === 'request') void this.#answer(message, call);
    else if (message.method === 'notifications/cancelled') this.#asks.get(message.params?.requestId)?.abort();
    else (call ?? this.#options.events).onNotification(message);
  }

  async #answer(request: Extract<Message, { kind: 'request' }>, call: Call | undefined): Promise<void> {
    const cancelled = new AbortController();
    this.#asks.set(request.id, cancelled);
    const ask = { method: request.method, params: request.params, signal: cancelled.signal };
    const body =
      ask.method === 'ping'
        ? { result: {} }
        : await (call ? call.ask(ask) : this.#options.events.onAsk(ask)).catch(
            (): ResponseBody => refusal('no answer'),
          );
    this.#asks.delete(request.id);
    if (cancelled.signal.aborted) return;
    await this.#send({ jsonrpc: '2.0', id: request.id, ...body }).catch(() => {
      this.#options.events.log(`the answer to the server's ${ask.method} did not get there`);
    });
  }

  async #sendCancelled(requestId: number): Promise<void> {
    await this.#send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }).catch(() => {});
  }

  async #send(message: JsonObject): Promise<void> {
    const headers = this.#headers();
    await this.#withSession(
      this.#transport.post({ message, headers, isRepeatable: true, silenceMs: QUICK_TIMEOUT_MS, onMessage: () => {} }),
    );
  }

  /** Keeps the stream open on which the server speaks unasked. */
  async #keepListening(): Promise<void> {
    const { signal } = this.#closing;
    let delayMs = LISTEN_DELAY_MIN_MS;
    let lastEventId: string | undefined;
    while (!signal.aborted) {
      try {
        const headers = { ...this.#headers(), ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
        const onMessage = (message: Message): void => this.#receive(message, undefined);
        const end = await this.#withSession(this.#transport.listen({ headers, signal, onMessage }));
        if (!end) return;
        lastEventId = end.lastEventId ?? lastEventId;
        delayMs = Math.min(pauseOf(end.retryMs), LISTEN_DELAY_MAX_MS);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof SessionLostError) return this.#options.events.onLost();
        // 405 is how a server says that it has no such stream; other refusals would be the same next time.
        if (isFinal(error)) return;
        delayMs = Math.min(delayMs * 2, LISTEN_DELAY_MAX_MS);
      }
      await pause(delayMs, undefined, { signal }).catch(() => {});
    }
  }

  async #withSession<T>(exchange: Promise<T>): Promise<T> {
    return await exchange.catch((error: unknown) => {
      throw isSessionLost(error, this.#session.id) ? new SessionLostError('session lost', { cause: error }) : error;
    });
  }

  /** What has to be done again in the next session. */
  #remember({ method, params }: Call): void {
    const { state } = this.#options;
    if (method === 'logging/setLevel' && typeof params?.level === 'string') state.logLevel = params.level;
    if (typeof params?.uri !== 'string') return;
    if (method === 'resources/subscribe') state.subscriptions.add(params.uri);
    if (method === 'resources/unsubscribe') state.subscriptions.delete(params.uri);
  }

  #headers(): Record<string, string> {
    const { id, description } = this.#session;
    return { ...(id !== undefined && { 'mcp-session-id': id }), 'mcp-protocol-version': description.protocolVersion };
  }
}

/** Before a stream is opened again: what the server asked for, which "at once" cannot be for ever. */
function pauseOf(retryMs: number | undefined): number {
  return Math.max(retryMs ?? LISTEN_DELAY_MIN_MS, RETRY_DELAY_MIN_MS);
}

function initializeParams({ protocolVersion, capabilities, info, isModern }: UpstreamOptions['client']): JsonObject {
  return {
    protocolVersion: isModern ? NEWEST_LEGACY_VERSION : protocolVersion,
    capabilities,
    clientInfo: info ?? { name: 'mcp-connect', version: '0' },
  };
}

function describe(result: JsonObject): ServerDescription {
  return {
    era: 'legacy',
    protocolVersion: typeof result.protocolVersion === 'string' ? result.protocolVersion : NEWEST_LEGACY_VERSION,
    capabilities: isObject(result.capabilities) ? result.capabilities : {},
    serverInfo: result.serverInfo,
    instructions: result.instructions,
    result,
  };
}

/** 404 by the specification; some servers say 400 and that they know no such session. */
function isSessionLost(error: unknown, sessionId: string | undefined): boolean {
  if (sessionId === undefined || !(error instanceof RemoteError) || error.failure.kind !== 'http') return false;
  const { status, detail } = error.failure;
  return status === 404 || (status === 400 && /session/i.test(detail));
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof RemoteError) || error.failure.kind !== 'http') return false;
  const { status } = error.failure;
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function refusal(message: string): ResponseBody {
  return { error: { code: ERROR.internal, message } };
}

function asRpcError(error: unknown): { code: number; message: string } {
  if (isObject(error) && typeof error.code === 'number' && typeof error.message === 'string') {
    return { ...error, code: error.code, message: error.message };
  }
  return { code: ERROR.internal, message: 'The server refused initialize without saying why' };
}
