import { ChildSupervisor, type SupervisorOptions } from '../child/child-supervisor.ts';
import type { ServerIdentity } from '../child/server-identity.ts';
import type { ObservedRequest } from '../measure/metrics.ts';
import { ERROR, isObject, type Notification, type Response, stringifySafely } from '../protocol/json-rpc.ts';
import { leastLogLevel } from '../protocol/log-level.ts';
import { META } from '../protocol/meta-keys.ts';
import type { CallSink } from './call-sink.ts';
import { ChildSubscriptions } from './child-subscriptions.ts';
import type { ListenStream } from './listen-stream.ts';
import { Relay } from './relay.ts';
import type { Session } from './session.ts';
import { ToolHeaderIndex } from './tool-header-index.ts';

export interface ServerInstanceOptions extends SupervisorOptions {
  requestTimeoutMs: number;
  lineBytesMax: number;
  observe: (request: ObservedRequest) => void;
  /** Serves one session alone, as over stdio. */
  isOfOneSession: boolean;
  onFailedToStart: (exit: string, times: number) => void;
}

/** One child with everything that is kept about it: its open calls, its sessions, who listens to what. */
export class ServerInstance {
  readonly supervisor: ChildSupervisor;
  readonly relay: Relay;
  readonly subscriptions: ChildSubscriptions;
  readonly toolHeaders: ToolHeaderIndex;
  readonly sessions = new Set<Session>();
  readonly listens = new Set<ListenStream>();
  readonly #isOfOneSession: boolean;
  /** The most talkative level that a modern request has asked for; a legacy child knows one for all. */
  #modernLogLevel: string | undefined;

  constructor(options: ServerInstanceOptions) {
    this.#isOfOneSession = options.isOfOneSession;
    this.relay = new Relay({
      requestTimeoutMs: options.requestTimeoutMs,
      observe: options.observe,
      onlySession: () => this.onlySession,
      send: (line) => this.supervisor.send(line),
      respond: (id, body) => this.supervisor.respond(id, body),
      notice: (notification, open) => this.#route(notification, open),
    });
    this.supervisor = new ChildSupervisor(options, {
      ready: (server) => {
        this.toolHeaders.forget();
        this.#restore(server);
      },
      lost: (exit) => {
        const data = { reason: 'child-exited' };
        this.relay.failAll({ code: ERROR.internal, message: `The MCP server ${exit} before it answered`, data });
      },
      failedToStart: options.onFailedToStart,
      response: (response: Response) => this.relay.receiveResponse(response),
      request: (request) => this.relay.receiveRequest(request),
      oversizedResponse: (id, bytes) => {
        const message = `The MCP server answered with ${bytes} bytes, more than the ${options.lineBytesMax} allowed`;
        if (id !== undefined) this.relay.fail(id, { code: ERROR.internal, message });
      },
      notification: (notification) => this.#receiveNotification(notification),
    });
    this.subscriptions = new ChildSubscriptions(this.supervisor);
    this.toolHeaders = new ToolHeaderIndex(this.supervisor);
  }

  /** Who uses it at the moment. */
  get isInUse(): boolean {
    return this.relay.callsInFlight > 0 || this.listens.size > 0;
  }

  /** Whose it is; undefined for one that may serve others too. */
  get onlySession(): Session | undefined {
    const [session] = this.sessions;
    return this.#isOfOneSession ? session : undefined;
  }

  forget(session: Session): void {
    this.sessions.delete(session);
    for (const uri of session.subscriptions) this.subscriptions.remove(uri, session);
  }

  /** A legacy child has one level for all: the most talkative that anybody wants. */
  get logLevel(): string | undefined {
    return leastLogLevel([...[...this.sessions].map(({ logLevel }) => logLevel), this.#modernLogLevel]);
  }

  /** A modern request wants log messages of this level from a legacy child. */
  needLogLevel(level: string): void {
    const before = this.logLevel;
    this.#modernLogLevel = leastLogLevel([this.#modernLogLevel, level]);
    if (this.logLevel !== before) this.#setLogLevel();
  }

  #restore(server: ServerIdentity): void {
    this.subscriptions.restore(server);
    if (server.era === 'legacy' && this.logLevel !== undefined) this.#setLogLevel();
  }

  #setLogLevel(): void {
    const { state } = this.supervisor;
    if (state.kind !== 'ready' || !isObject(state.server.capabilities.logging)) return;
    // A child that refuses goes on as it did.
    this.supervisor.request('logging/setLevel', { level: this.logLevel }).catch(() => {});
  }

  #receiveNotification(notification: Notification): void {
    const meta = notification.params?._meta;
    const listenId = isObject(meta) ? meta[META.subscriptionId] : undefined;
    if (listenId === undefined) return this.relay.receiveNotification(notification);
    if (notification.method === 'notifications/subscriptions/acknowledged') {
      return this.subscriptions.acknowledged(listenId);
    }
    if (!this.subscriptions.isCurrent(listenId)) return;
    const { [META.subscriptionId]: ours, ...others } = meta as Record<string, unknown>;
    const { _meta, ...params } = notification.params ?? {};
    this.#route(
      { ...notification, params: Object.keys(others).length > 0 ? { ...params, _meta: others } : params },
      [],
    );
  }

  /**
   * Finds whom a notification that names no request is for. It must reach the one it concerns, and no two streams of one
   * client (2025-11-25, transports, multiple connections).
   */
  #route(notification: Notification, open: Iterable<CallSink>): void {
    const { method, params } = notification;
    const text = stringifySafely({ jsonrpc: '2.0', method, ...(params && { params }) });
    if (text === undefined) return;
    if (method.endsWith('/list_changed')) {
      if (method === 'notifications/tools/list_changed') this.toolHeaders.forget();
      for (const session of this.sessions) session.deliver(text);
      for (const listen of this.listens) listen.offer(notification);
    } else if (method === 'notifications/resources/updated') {
      for (const session of this.sessions) {
        if (this.subscriptions.holds(params?.uri, session)) session.deliver(text);
      }
      for (const listen of this.listens) listen.offer(notification);
    } else if (method === 'notifications/message') this.#routeLog(notification, { text, open });
    else this.#routeByOnlyClient(notification, { text, open });
  }

  /**
   * A log message names no request. The clients with open calls that want its level are the possible cause; where that is
   * one, it gets it. Otherwise it goes to the sessions that asked for logs by setting a level: handing it to all would
   * show one client's data to another.
   */
  #routeLog(notification: Notification, { text, open }: { text: string; open: Iterable<CallSink> }): void {
    const level = notification.params?.level;
    const sinks = [...open];
    const wanting = sinks.filter((sink) => sink.wantsLog(level));
    if (isOneClient(sinks) || (isOneClient(wanting) && wanting.every(({ session }) => !session))) {
      const sink = wanting.at(-1);
      if (sink && !sink.notify(notification)) sink.session?.deliver(text);
      return;
    }
    const [only, another] = this.sessions;
    if (only && !another && sinks.length === 0) {
      if (only.wantsLog(level)) only.deliver(text);
      return;
    }
    for (const session of this.sessions) {
      if (session.logLevel !== undefined && session.wantsLog(level)) session.deliver(text);
    }
  }

  /** Extensions: the only client with an open call, or the only one there is. */
  #routeByOnlyClient(notification: Notification, { text, open }: { text: string; open: Iterable<CallSink> }): void {
    const sinks = [...open];
    const [only, another] = this.sessions;
    const sink = sinks.at(-1);
    if (sink && isOneClient(sinks)) {
      if (!sink.notify(notification)) sink.session?.deliver(text);
    } else if (sinks.length === 0 && only && !another) only.deliver(text);
  }
}

/** At least one, and all of the same client. */
function isOneClient(sinks: readonly CallSink[]): boolean {
  return sinks.length > 0 && sinks.every(({ client }) => client === sinks[0]?.client);
}
