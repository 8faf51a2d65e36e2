import type { RawData, WebSocket } from 'ws';
import type { PrincipalQuota } from '../door/principal-quota.ts';
import type { RateLimiter } from '../door/rate-limiter.ts';
import { SOCKET_MESSAGES_MAX, SOCKET_WAITING_BYTES_MAX, STREAM_BUFFER_BYTES_MAX } from '../limits.ts';
import { parseExactly } from '../protocol/exact-json.ts';
import {
  classifyMessage,
  ERROR,
  isNestedDeeperThan,
  type Notification,
  type Request,
  type RequestId,
  renderError,
  renderResponse,
} from '../protocol/json-rpc.ts';
import { type ModernMeta, readModernMeta } from '../protocol/modern-meta.ts';
import { MODERN_VERSION, SUPPORTED_VERSIONS } from '../protocol/protocol-version.ts';
import type { Caller } from '../sessions/caller.ts';
import type { Channel } from '../sessions/channel.ts';
import type { Instances } from '../sessions/instances.ts';
import { clientOf, type LegacyRouter } from '../sessions/legacy-router.ts';
import type { ModernRouter } from '../sessions/modern-router.ts';
import type { ServerInstance } from '../sessions/server-instance.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Admission } from './admission.ts';
import { Refusal } from './refusal.ts';
import { SocketRequests } from './socket-requests.ts';
import { unavailable } from './unavailable.ts';

/** Close codes of RFC 6455 section 7.4.1 and its registry, as `docs/websocket.md` lists them. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  unsupportedData: 1003,
  policyViolation: 1008,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;

export interface SocketConnectionOptions {
  webSocket: WebSocket;
  caller: Caller;
  rates: RateLimiter;
  /** Requests in hand, by principal. */
  inHand: PrincipalQuota;
  nestingDepthMax: number;
  legacy: LegacyRouter;
  modern: ModernRouter;
  sessions: SessionStore;
  instances: Instances;
  admission: Admission;
  sessionIdleMs: number;
  /** Subscriptions end after this time, so that a server that nobody uses can be scaled to zero. */
  streamAgeMsMax: number;
  nowMs: () => number;
}

/** One client on a WebSocket: a legacy session that lives as long as the connection, modern requests, or both. */
export class SocketConnection {
  readonly #options: SocketConnectionOptions;
  readonly #socket: WebSocket;
  readonly #open: SocketRequests;
  #session: Session | undefined;
  #handled: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;
  #isAnswering = true;
  #isDraining = false;
  #lastHeardMs: number;

  constructor(options: SocketConnectionOptions) {
    this.#options = options;
    this.#socket = options.webSocket;
    this.#lastHeardMs = options.nowMs();
    this.#open = new SocketRequests({
      ...options,
      principalId: options.caller.principalId,
      send: (text) => this.#send(text),
      onSettled: () => {
        if (this.#isDraining) setImmediate(() => this.#closeWhenDrained());
      },
    });
    this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#socket.on('pong', () => {
      this.#isAnswering = true;
    });
    // What went wrong is told by the close that follows.
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => this.#onClose());
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** To be called now and then: pings, and ends what is dead or unused. */
  check(): void {
    const { nowMs, sessionIdleMs } = this.#options;
    if (!this.#isAnswering) return this.#socket.terminate();
    if (this.#open.size === 0 && nowMs() - this.#lastHeardMs >= sessionIdleMs) {
      return this.close(CLOSE.goingAway, 'The connection was not used');
    }
    this.#isAnswering = false;
    this.#socket.ping();
  }

  drain(): void {
    this.#isDraining = true;
    this.#open.finishSubscriptions();
    this.#closeWhenDrained();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#lastHeardMs = this.#options.nowMs();
    if (isBinary) return this.close(CLOSE.unsupportedData, 'Messages are text frames');
    const bytes = data as Buffer;
    if (isNestedDeeperThan(bytes, this.#options.nestingDepthMax)) {
      return this.#refuse(
        null,
        ERROR.invalidRequest,
        `The message is nested deeper than ${this.#options.nestingDepthMax} levels`,
      );
    }
    let value: unknown;
    try {
      value = parseExactly(bytes.toString());
    } catch {
      return this.#refuse(null, ERROR.parse, 'The message is not JSON');
    }
    // In the order they came: a cancellation must find the request before it.
    this.#waiting += 1;
    this.#waitingBytes += bytes.length;
    if (this.#waiting >= SOCKET_MESSAGES_MAX || this.#waitingBytes >= SOCKET_WAITING_BYTES_MAX) this.#socket.pause();
    this.#handled = this.#handled
      .then(() => this.#act(value))
      .catch(() => this.close(CLOSE.internalError, 'The wrapper failed to handle a message'))
      .then(() => {
        this.#waiting -= 1;
        this.#waitingBytes -= bytes.length;
        if (this.#socket.isPaused) this.#socket.resume();
      });
  }

  async #act(value: unknown): Promise<void> {
    const message = classifyMessage(value);
    if (message.kind === 'invalid') {
      return this.#refuse(message.id, ERROR.invalidRequest, `Not a JSON-RPC 2.0 message of MCP: ${message.problem}`);
    }
    const id = message.kind === 'request' ? message.id : null;
    try {
      this.#options.rates.take(this.#options.caller.principalId);
      if (message.kind === 'request') await this.#request(message);
      else if (message.kind === 'notification') this.#notification(message);
      else this.#session?.answer(message);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#send(error.toJson(id));
    }
  }

  async #request(request: Request): Promise<void> {
    const meta = readModernMeta(request.params);
    if (meta.kind === 'malformed') return this.#refuse(request.id, ERROR.invalidParams, meta.problem);
    if (this.#open.has(request.id)) {
      return this.#refuse(request.id, ERROR.invalidRequest, 'A request with this id is open already');
    }
    const isModern = meta.kind === 'modern' && !this.#session;
    if (!isModern && request.method === 'initialize' && !this.#session) return await this.#initialize(request);
    const channel = this.#open.hold(request.id);
    try {
      if (isModern) await this.#modern(request, { meta: meta.meta, channel });
      else await this.#legacy(request, channel);
    } catch (error) {
      this.#open.drop(request.id);
      throw error;
    }
  }

  async #modern(request: Request, { meta, channel }: { meta: ModernMeta; channel: Channel }): Promise<void> {
    if (meta.protocolVersion !== MODERN_VERSION) {
      const data = { supported: SUPPORTED_VERSIONS, requested: meta.protocolVersion };
      const error = { code: ERROR.unsupportedVersion, message: 'Unsupported protocol version', data };
      return channel.end(renderError(request.id, error));
    }
    const { caller, modern } = this.#options;
    const instance = this.#instance();
    const server = await this.#options.admission.reserve(instance, 1);
    if (!this.#isOpen) return;
    const open = await modern.request(request, { meta, caller, instance, server, channel, headers: undefined });
    if (this.#isOpen) this.#open.begin(request.id, open);
    else open.gone('The connection was closed');
  }

  async #initialize(request: Request): Promise<void> {
    const { caller, sessions, instances, legacy, admission } = this.#options;
    const instance = sessions.hasRoom() ? instances.forSession(caller, clientOf(request)) : undefined;
    if (!instance) return this.close(CLOSE.tryAgainLater, 'All sessions of this server are in use');
    const server = await instances.orDiscard(instance, () => admission.reserve(instance, 1));
    if (this.#session) return this.#refuse(request.id, ERROR.invalidRequest, '"initialize" must be sent once');
    const socket = {
      send: (text: string) => this.#send(text),
      close: () => this.close(CLOSE.goingAway, 'The session has ended'),
    };
    const { session, body } = legacy.open(request, { caller, instance, server, socket });
    this.#session = session;
    this.#send(renderResponse(request.id, body));
    if (!this.#isOpen) this.#onClose();
  }

  async #legacy(request: Request, channel: Channel): Promise<void> {
    const { caller, legacy, admission } = this.#options;
    const session = this.#session;
    if (session) session.lastUsedAtMs = this.#options.nowMs();
    const instance = session?.instance ?? this.#instance();
    await admission.reserve(instance, 1);
    if (!this.#isOpen) return;
    legacy.request(request, { caller, instance, session, channel });
  }

  #notification(notification: Notification): void {
    const { method, params } = notification;
    if (this.#session) {
      return this.#options.legacy.notification(notification, {
        session: this.#session,
        instance: this.#session.instance,
      });
    }
    if (method !== 'notifications/cancelled') return;
    this.#open.cancel(params?.requestId as RequestId, String(params?.reason ?? 'Cancelled by the client'));
  }

  #instance(): ServerInstance {
    const instance = this.#options.instances.forPrincipal(this.#options.caller);
    if (instance) return instance;
    throw unavailable('session-limit', 'All places for servers of their own are taken');
  }

  #closeWhenDrained(): void {
    if (this.#open.size === 0) this.close(CLOSE.goingAway, 'The server is shutting down');
  }

  #refuse(id: RequestId | null, code: number, message: string): void {
    this.#send(renderError(id, { code, message }));
  }

  /** A reader too slow to keep up is cut off. */
  #send(text: string): boolean {
    if (!this.#isOpen) return false;
    if (this.#socket.bufferedAmount > STREAM_BUFFER_BYTES_MAX) {
      this.#socket.terminate();
      return false;
    }
    this.#socket.send(text);
    return true;
  }

  /** Nobody is there to take the answers any more, so the requests are cancelled. */
  #onClose(): void {
    const session = this.#session;
    this.#open.cancelAll('The connection was closed');
    if (!session) return;
    this.#session = undefined;
    this.#options.sessions.remove(session);
  }
}
