import WebSocket from 'ws';
import { CONNECT_TIMEOUT_MS } from '../http/limits.ts';
import { lookupLocalhost } from '../http/lookup-localhost.ts';
import { findProxy } from '../http/proxy.ts';
import { TunnelAgent } from '../http/tunnel-agent.ts';
import { parseExactly } from './exact-json.ts';
import type { HttpTransportOptions } from './http-transport.ts';
import { classifyMessage, isObject, type Message, type RequestId } from './json-rpc.ts';
import {
  ANSWER_BYTES_MAX,
  KEEP_ALIVE_SILENCE_MS,
  RENEWALS_MAX,
  WEBSOCKET_CLOSING_MS,
  WEBSOCKET_PING_MS,
} from './limits.ts';
import { META, readMeta } from './meta.ts';
import { RemoteError, type RemoteFailure } from './remote-failure.ts';
import type { Listening, Post, PostEnd, Transport } from './transport.ts';
import { watchSilence } from './watch-silence.ts';
import { writeJson } from './write-json.ts';

interface Waiting {
  post: Post;
  /** Until it is given up; none for what listens as long as it can. */
  timer: NodeJS.Timeout | undefined;
  finish: () => void;
  fail: (error: RemoteError) => void;
}

/** A connection and the session that lives as long as it. */
interface Connection {
  socket: WebSocket;
  sessionId: string;
  waiting: Map<RequestId, Waiting>;
  listeners: Set<Listening>;
}

/** An option that the types of `ws` do not have. */
const CLOSING = { closeTimeout: WEBSOCKET_CLOSING_MS };

const END: PostEnd = { lastEventId: undefined, retryMs: undefined };

/** `WS …/stream`: JSON-RPC text frames of both eras, a transport of this project (docs/websocket.md). */
export class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly #options: HttpTransportOptions;
  #connection: Promise<Connection> | undefined;
  #opened = 0;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
  }

  async post(post: Post): Promise<PostEnd> {
    const connection = await this.#connectOpen();
    // A legacy session ends with its connection, as if the server had forgotten it.
    const session = post.headers['mcp-session-id'];
    if (session !== undefined && session !== connection.sessionId) throw gone();
    post.onSession?.(connection.sessionId);
    const { id, method } = post.message;
    const text = writeJson(post.message);
    if (method === undefined || (typeof id !== 'string' && typeof id !== 'number')) {
      connection.socket.send(text);
      return END;
    }
    return await new Promise<PostEnd>((resolve, reject) => {
      const giveUp = (): void => this.#cancel(connection, id, { kind: 'network', code: 'ETIMEDOUT', wasSent: true });
      const timer = post.silenceMs === undefined ? undefined : setTimeout(giveUp, post.silenceMs);
      const settle = (): void => clearTimeout(timer);
      connection.waiting.set(id, {
        post,
        timer,
        finish: () => {
          settle();
          resolve(END);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      });
      post.signal?.addEventListener('abort', () => this.#cancel(connection, id, { kind: 'unanswered' }), {
        once: true,
      });
      connection.socket.send(text);
    });
  }

  async listen(listening: Listening): Promise<PostEnd | undefined> {
    const connection = await this.#connect();
    if (listening.headers['mcp-session-id'] !== connection.sessionId) throw gone();
    connection.listeners.add(listening);
    await new Promise<void>((resolve) => {
      connection.socket.once('close', () => resolve());
      listening.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    connection.listeners.delete(listening);
    return END;
  }

  async endSession(): Promise<void> {
    (await this.#connection)?.socket.close(1000);
  }

  refresh(): void {
    void this.#connection?.then(({ socket }) => socket.terminate()).catch(() => {});
  }

  close(): void {
    void this.#connection?.then(({ socket }) => socket.terminate()).catch(() => {});
  }

  /** Another connection, when the server has said goodbye and only its closing is still to come. */
  async #connectOpen(): Promise<Connection> {
    const known = this.#connection;
    const connection = await this.#connect();
    if (connection.socket.readyState === WebSocket.OPEN) return connection;
    if (this.#connection === known) this.#connection = undefined;
    return await this.#connect();
  }

  #connect(): Promise<Connection> {
    if (!this.#connection) {
      const connection = this.#open();
      this.#connection = connection;
      const forget = (): void => {
        if (this.#connection === connection) this.#connection = undefined;
      };
      connection.then(({ socket }) => {
        socket.once('close', forget);
        if (socket.readyState !== WebSocket.OPEN) forget();
      }, forget);
    }
    return this.#connection;
  }

  async #open(): Promise<Connection> {
    const { credentials } = this.#options;
    for (let renewals = 0; ; renewals++) {
      const outcome = await this.#handshake(await credentials.authorization());
      if ('connection' in outcome) return outcome.connection;
      const { failure } = outcome.error;
      const isDenied = failure.kind === 'http' && (failure.status === 401 || failure.status === 403);
      if (!isDenied || renewals >= RENEWALS_MAX) throw outcome.error;
      const status = failure.status === 401 ? 401 : 403;
      const signal = AbortSignal.timeout(this.#options.patienceMs);
      if (!(await credentials.renew({ status, wwwAuthenticate: failure.wwwAuthenticate }, signal))) throw outcome.error;
    }
  }

  #handshake(authorization: string | undefined): Promise<{ connection: Connection } | { error: RemoteError }> {
    const { endpoint, headers, userAgent, env } = this.#options;
    const proxy = findProxy(endpoint, env);
    const socket = new WebSocket(streamUrl(endpoint), 'mcp', {
      lookup: lookupLocalhost,
      ...(proxy && endpoint.protocol === 'https:' && { agent: new TunnelAgent(endpoint, env) }),
      headers: { ...headers, 'user-agent': userAgent, ...(authorization !== undefined && { authorization }) },
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      maxPayload: ANSWER_BYTES_MAX,
      perMessageDeflate: false,
      ...CLOSING,
    });
    return new Promise((resolve) => {
      const fail = (error: RemoteError): void => resolve({ error });
      socket.once('unexpected-response', (_req, res) => {
        res.resume();
        fail(
          new RemoteError({
            kind: 'http',
            status: res.statusCode ?? 0,
            contentType: res.headers['content-type'] ?? '',
            retryAfter: res.headers['retry-after'],
            location: res.headers.location,
            wwwAuthenticate: res.headers['www-authenticate'],
            detail: '',
            rpcError: undefined,
          }),
        );
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        fail(new RemoteError({ kind: 'network', code: error.code ?? 'ETIMEDOUT', wasSent: false }));
      });
      socket.once('open', () => resolve({ connection: this.#take(socket) }));
    });
  }

  #take(socket: WebSocket): Connection {
    this.#opened += 1;
    const connection: Connection = {
      socket,
      sessionId: `connection-${this.#opened}`,
      waiting: new Map(),
      listeners: new Set(),
    };
    watchSilence(socket, { pingMs: WEBSOCKET_PING_MS, silenceMs: KEEP_ALIVE_SILENCE_MS });
    socket.on('message', (data) => this.#receive(String(data), connection));
    socket.once('close', () => {
      for (const { fail } of connection.waiting.values()) fail(new RemoteError({ kind: 'unanswered' }));
      connection.waiting.clear();
    });
    return connection;
  }

  #receive(text: string, connection: Connection): void {
    const message = classifyMessage(parse(text));
    if (!message) return this.#options.log('the server sent something that is not JSON-RPC; dropped');
    if (message.kind === 'response') {
      const waiting = message.id === null ? undefined : connection.waiting.get(message.id);
      if (message.id === null || !waiting) return;
      connection.waiting.delete(message.id);
      waiting.post.onMessage(message);
      return waiting.finish();
    }
    const owner = findOwner(message, connection);
    owner?.timer?.refresh();
    if (owner) return owner.post.onMessage(message);
    for (const { onMessage } of connection.listeners) onMessage(message);
  }

  #cancel({ socket, waiting }: Connection, id: RequestId, failure: RemoteFailure): void {
    const cancelled = waiting.get(id);
    if (!cancelled) return;
    waiting.delete(id);
    if (socket.readyState === WebSocket.OPEN) {
      const params = { requestId: id };
      socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }));
    }
    cancelled.fail(new RemoteError(failure));
  }
}

/** The request that a message belongs to, as far as it tells: by subscription, by progress token, or as the only one. */
function findOwner(message: Message, { waiting, listeners }: Connection): Waiting | undefined {
  if (message.kind === 'response') return undefined;
  const { params } = message;
  const subscription = readMeta(params, META.subscriptionId);
  if (subscription !== undefined) return waiting.get(subscription as RequestId);
  if (message.method === 'notifications/progress') {
    for (const one of waiting.values()) {
      const sent = one.post.message.params;
      if (isObject(sent) && readMeta(sent, 'progressToken') === params?.progressToken) return one;
    }
  }
  return waiting.size === 1 || listeners.size === 0 ? waiting.values().next().value : undefined;
}

/** The stream of an endpoint lies below it; a URL of the stream itself will do too. */
function streamUrl(endpoint: URL): URL {
  const url = new URL(endpoint);
  url.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
  if (!url.pathname.endsWith('/stream')) url.pathname = `${url.pathname.replace(/\/$/, '')}/stream`;
  return url;
}

function gone(): RemoteError {
  const nothing = { retryAfter: undefined, location: undefined, wwwAuthenticate: undefined, rpcError: undefined };
  return new RemoteError({ kind: 'http', status: 404, contentType: '', detail: '', ...nothing });
}

function parse(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}
