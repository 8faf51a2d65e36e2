import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint } from '../config/endpoint.ts';
import { HttpClient } from './http-client.ts';
import { classifyMessage, errorResponse, isObject, type JsonObject, type Message } from './json-rpc.ts';
import { GOODBYE_TIMEOUT_MS, LISTEN_DELAY_MAX_MS, LISTEN_DELAY_MIN_MS } from './limits.ts';
import { OpenRequests } from './open-requests.ts';
import { failureOf, mediaType, readAnswer } from './read-answer.ts';
import { describeFailure, RemoteError, toRemoteError } from './remote-failure.ts';

export interface RemoteSessionOptions {
  endpoint: Endpoint;
  userAgent: string;
  /** A message for the local client. */
  deliver: (value: JsonObject) => void;
  log: (text: string) => void;
}

/** What the server said when it was initialised, kept to do it again behind the client's back. */
interface Handshake {
  request: JsonObject;
  listChanged: readonly string[];
}

/**
 * One client's session with a remote server over Streamable HTTP (2025-11-25, transports). Every request that goes in
 * gets exactly one answer out, the server's or an error that says what went wrong.
 */
export class RemoteSession {
  readonly #options: RemoteSessionOptions;
  readonly #http: HttpClient;
  readonly #open = new OpenRequests();
  readonly #closing = new AbortController();
  #sessionId: string | undefined;
  #protocolVersion: string | undefined;
  #handshake: Handshake | undefined;
  #renewal: Promise<void> | undefined;
  #renewals = 0;
  #listening: AbortController | undefined;

  constructor(options: RemoteSessionOptions) {
    this.#options = options;
    this.#http = new HttpClient(options.endpoint.url);
  }

  /** Resolves when the server is done with the message and all it said to it was delivered. Never rejects. */
  async send(message: Message): Promise<void> {
    if (message.kind === 'request') this.#open.open(message.id);
    if (message.kind === 'notification' && message.method === 'notifications/cancelled') {
      this.#open.cancel(isObject(message.value.params) ? message.value.params.requestId : undefined);
    }
    try {
      await this.#exchange(message);
      if (message.kind === 'request' && this.#open.needsAnswer(message.id)) {
        throw new RemoteError({ kind: 'unanswered' });
      }
      if (message.kind === 'notification' && message.method === 'notifications/initialized') this.#listen();
    } catch (error) {
      this.#reportFailure(message, error);
    } finally {
      if (message.kind === 'request') this.#open.close(message.id);
    }
  }

  /** Tells the server that the session is over, if it listens, and lets go of everything. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#listening?.abort();
    if (this.#sessionId !== undefined) {
      const signal = AbortSignal.timeout(GOODBYE_TIMEOUT_MS);
      // The server ends idle sessions by itself, so a goodbye that does not get there is no loss.
      const res = await this.#http.send({ method: 'DELETE', headers: this.#headers(), signal }).catch(() => undefined);
      res?.destroy();
    }
    this.#http.close();
  }

  async #exchange(message: Message, isRetry = false): Promise<void> {
    const isInitialize = message.kind === 'request' && message.method === 'initialize';
    const usedSession = isInitialize ? undefined : this.#sessionId;
    const res = await this.#post(message, isInitialize ? 'initialize' : 'session');
    if (res.statusCode === 404 && usedSession !== undefined && this.#handshake && !isRetry) {
      res.resume();
      await this.#renew(usedSession);
      return await this.#exchange(message, true);
    }
    await this.#read(res, (value) => {
      if (isInitialize && isObject(value)) this.#noteHandshake(message.value, value, res);
      this.#deliver(value);
    });
  }

  #post(message: Message, phase: 'initialize' | 'session'): Promise<IncomingMessage> {
    const headers: Record<string, string> = {
      ...(phase === 'session' ? this.#headers() : this.#authorization()),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    return this.#http.send({
      method: 'POST',
      headers,
      body: JSON.stringify(message.value),
      isRepeatable: isRepeatable(message),
    });
  }

  /** @throws RemoteError for everything but 200 and 202; those with a JSON-RPC error for the request carry it along */
  async #read(res: IncomingMessage, onValue: (value: unknown) => void): Promise<void> {
    if (res.statusCode === 202 || res.statusCode === 204) {
      res.resume();
      return;
    }
    if (res.statusCode !== 200) throw await failureOf(res);
    await readAnswer(res, onValue);
  }

  #deliver(value: unknown): void {
    const message = classifyMessage(value);
    if (!message) {
      this.#options.log('the server sent something that is not JSON-RPC; dropped');
      return;
    }
    // An answer nobody waits for any more, to a request that was cancelled or failed already.
    if (message.kind === 'response' && !this.#open.close(message.id)) return;
    this.#options.deliver(message.value);
  }

  #reportFailure(message: Message, error: unknown): void {
    const { failure } = toRemoteError(error);
    const { name, url } = this.#options.endpoint;
    const described = describeFailure(failure, { target: name, origin: url.origin + url.pathname });
    if (message.kind !== 'request') return this.#options.log(described.message);
    if (!this.#open.needsAnswer(message.id) || !this.#open.close(message.id)) return;
    const rpcError = passedOnError(error);
    if (!rpcError) this.#options.log(described.message);
    this.#options.deliver(errorResponse(message.id, rpcError ?? described));
  }

  #noteHandshake(request: JsonObject, response: JsonObject, res: IncomingMessage): void {
    const { result } = response;
    if (!isObject(result)) return;
    const session = res.headers['mcp-session-id'];
    this.#sessionId = typeof session === 'string' ? session : undefined;
    this.#protocolVersion = typeof result.protocolVersion === 'string' ? result.protocolVersion : undefined;
    this.#handshake = { request, listChanged: changingLists(result.capabilities) };
  }

  /** The server has forgotten the session: a restart or an expiry. Requests that find out together share one new one. */
  #renew(lostSession: string): Promise<void> {
    if (this.#sessionId !== lostSession && this.#renewal === undefined) return Promise.resolve();
    this.#renewal ??= this.#initializeAgain().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #initializeAgain(): Promise<void> {
    const handshake = this.#handshake;
    if (!handshake) return;
    this.#renewals += 1;
    this.#options.log('the session is gone; opening a new one');
    const value = { ...handshake.request, id: `mcp-connect-${this.#renewals}` };
    const request: Message = { kind: 'request', id: value.id, method: 'initialize', value };
    const res = await this.#post(request, 'initialize');
    await this.#read(res, (answer) => {
      if (isObject(answer) && answer.id === value.id) this.#noteHandshake(handshake.request, answer, res);
    });
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
    const done = await this.#post({ kind: 'notification', method: initialized.method, value: initialized }, 'session');
    await this.#read(done, () => {});
    this.#listen();
    // The new server may have other tools than the one the client asked.
    for (const list of handshake.listChanged) {
      this.#options.deliver({ jsonrpc: '2.0', method: `notifications/${list}/list_changed` });
    }
  }

  /** Opens the stream for what the server says unasked, and keeps it open. */
  #listen(): void {
    this.#listening?.abort();
    if (this.#closing.signal.aborted) return;
    const listening = new AbortController();
    this.#listening = listening;
    void this.#keepListening(listening.signal);
  }

  async #keepListening(signal: AbortSignal): Promise<void> {
    let delayMs = LISTEN_DELAY_MIN_MS;
    while (!signal.aborted) {
      const session = this.#sessionId;
      try {
        const headers = { ...this.#headers(), accept: 'text/event-stream' };
        const res = await this.#http.send({ method: 'GET', headers, signal });
        if (res.statusCode === 404 && session !== undefined) {
          res.resume();
          return await this.#renew(session);
        }
        if (res.statusCode !== 200 || mediaType(res) !== 'text/event-stream') {
          res.resume();
          // 405 is how a server says that it has no such stream; other refusals would be the same next time.
          if ((res.statusCode ?? 0) < 500) return;
          throw new Error('not now');
        }
        delayMs = LISTEN_DELAY_MIN_MS;
        const { retryMs } = await readAnswer(res, (value) => this.#deliver(value));
        delayMs = Math.min(retryMs ?? delayMs, LISTEN_DELAY_MAX_MS);
      } catch {
        // The server may be restarting. Requests report for themselves; the stream just comes back when it can.
        delayMs = Math.min(delayMs * 2, LISTEN_DELAY_MAX_MS);
      }
      await pause(delayMs, undefined, { signal }).catch(() => {});
    }
  }

  #headers(): Record<string, string> {
    return {
      ...this.#authorization(),
      ...(this.#sessionId !== undefined && { 'mcp-session-id': this.#sessionId }),
      ...(this.#protocolVersion !== undefined && { 'mcp-protocol-version': this.#protocolVersion }),
    };
  }

  #authorization(): Record<string, string> {
    const { key } = this.#options.endpoint;
    const userAgent = { 'user-agent': this.#options.userAgent };
    return key === undefined ? userAgent : { ...userAgent, authorization: `Bearer ${key}` };
  }
}

/**
 * The JSON-RPC error of a refusal, where it is meant for the client: 400 and 404 speak about the message (a version,
 * a method). Other statuses speak about the connection, which our own words explain better.
 */
function passedOnError(error: unknown): { code: number; message: string } | undefined {
  if (!(error instanceof RemoteError) || error.failure.kind !== 'http' || !('rpcError' in error)) return undefined;
  const { status } = error.failure;
  return status === 400 || status === 404 || status === 413
    ? (error.rpcError as { code: number; message: string })
    : undefined;
}

/** A tool may do something, so a call is never sent twice. The rest only reads or sets the same thing again. */
function isRepeatable(message: Message): boolean {
  return message.kind !== 'request' || message.method !== 'tools/call';
}

function changingLists(capabilities: unknown): string[] {
  if (!isObject(capabilities)) return [];
  return ['tools', 'prompts', 'resources'].filter((name) => {
    const capability = capabilities[name];
    return isObject(capability) && capability.listChanged === true;
  });
}
