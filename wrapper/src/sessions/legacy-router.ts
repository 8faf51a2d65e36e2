import { ChildError } from '../child/child-requests.ts';
import type { ServerIdentity } from '../child/server-identity.ts';
import { initializeResultFor, modernRequestMeta } from '../child/server-identity.ts';
import { SESSION_SUBSCRIPTIONS_MAX } from '../limits.ts';
import {
  ERROR,
  isObject,
  type JsonObject,
  type Notification,
  type Request,
  type ResponseBody,
  type RpcError,
  renderResponse,
} from '../protocol/json-rpc.ts';
import { isLogLevel } from '../protocol/log-level.ts';
import { withMeta, withoutModernMeta } from '../protocol/modern-meta.ts';
import { negotiateVersion } from '../protocol/protocol-version.ts';
import { type Caller, paramsFor } from './caller.ts';
import type { Channel, Outlet } from './channel.ts';
import { LegacyCall } from './legacy-call.ts';
import type { ServerInstance } from './server-instance.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** A child that serves many was told of nobody's roots; one of a session's own asks for them. */
const ROOTS_CHANGED = 'notifications/roots/list_changed';

/** What the wrapper has done with the child itself, once, and what came without a request that could be meant by it. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'notifications/initialized',
  ROOTS_CHANGED,
  'notifications/progress',
]);

const NOBODY: JsonObject = {};

/** Passes the messages of legacy clients on, and keeps apart what they set in a child they share. */
export class LegacyRouter {
  readonly #sessions: SessionStore;

  constructor(sessions: SessionStore) {
    this.#sessions = sessions;
  }

  /** Opens the session that `initialize` asks for. Its child must be ready. */
  open(
    request: Request,
    options: { caller: Caller; instance: ServerInstance; server: ServerIdentity; socket?: Outlet },
  ): { session: Session; body: ResponseBody } {
    const { caller, instance, server, socket } = options;
    const version = negotiateVersion(request.params?.protocolVersion, server.protocolVersion);
    const session = this.#sessions.create({
      ...clientOf(request),
      principalId: caller.principalId,
      protocolVersion: version,
      instance,
      socket,
    });
    return { session, body: { result: initializeResultFor(server, version) } };
  }

  request(
    request: Request,
    to: { caller: Caller; instance: ServerInstance; session: Session | undefined; channel: Channel },
  ): void {
    const { session, instance, channel } = to;
    const answer = (body: ResponseBody): void => channel.end(renderResponse(request.id, body));
    const refuse = (error: RpcError): void => answer({ error });
    const { state } = instance.supervisor;
    if (state.kind !== 'ready') {
      return refuse({ code: ERROR.internal, message: 'The MCP server is not running at the moment' });
    }
    switch (request.method) {
      case 'initialize':
        return refuse({ code: ERROR.invalidRequest, message: '"initialize" must be sent by itself, and once' });
      case 'logging/setLevel':
        if (session && this.#setLogLevel(request, { session, server: state.server, answer })) return;
        break;
      case 'resources/subscribe':
        if (session && typeof request.params?.uri === 'string') {
          return void this.#subscribe(request.params.uri, { session, answer });
        }
        break;
      case 'resources/unsubscribe':
        if (session && typeof request.params?.uri === 'string') {
          session.subscriptions.delete(request.params.uri);
          instance.subscriptions.remove(request.params.uri, session);
          return answer({ result: {} });
        }
        break;
      case 'subscriptions/listen':
        // A modern child would take it and say nothing until the end of a subscription that this client cannot have.
        return refuse({ code: ERROR.methodNotFound, message: 'Method not found' });
      case 'ping':
        // A modern server knows no ping; that it runs is known.
        if (state.server.era === 'modern') return answer({ result: {} });
        break;
    }
    this.#forward(request, { ...to, server: state.server });
  }

  notification(
    { method, params }: Notification,
    { session, instance }: { session: Session; instance: ServerInstance },
  ): void {
    if (method === 'notifications/cancelled') {
      return session.openCalls.get(params?.requestId as string | number)?.cancel(params?.reason);
    }
    const { state } = instance.supervisor;
    const isMeant = !NOT_FORWARDED.has(method) || (method === ROOTS_CHANGED && instance.onlySession === session);
    if (!isMeant || state.kind !== 'ready' || state.server.era === 'modern') return;
    instance.supervisor.send(JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) }));
  }

  #forward(
    request: Request,
    to: {
      caller: Caller;
      instance: ServerInstance;
      session: Session | undefined;
      channel: Channel;
      server: ServerIdentity;
    },
  ): void {
    const { instance, session, channel, server } = to;
    const own = paramsFor(to.caller, withoutModernMeta(request.params));
    const params =
      server.era === 'legacy'
        ? own
        : withMeta(
            own,
            modernRequestMeta({
              capabilities: session?.capabilities ?? NOBODY,
              clientInfo: session?.clientInfo,
              logLevel: session?.logLevel,
            }),
          );
    const call = new LegacyCall({
      request: { ...request, params },
      channel,
      session,
      childEra: server.era,
      relay: instance.relay,
    });
    call.start();
  }

  /** True when it has been answered here. A legacy child has one level for all, and is set to the most talkative. */
  #setLogLevel(
    request: Request,
    to: { session: Session; server: ServerIdentity; answer: (body: ResponseBody) => void },
  ): boolean {
    const { session, server, answer } = to;
    const level = request.params?.level;
    if (!isLogLevel(level)) return false;
    const { supervisor } = session.instance;
    session.logLevel = level;
    if (server.era === 'modern') answer({ result: {} });
    else {
      supervisor.request('logging/setLevel', { ...request.params, level: session.instance.logLevel }).then(
        (result) => answer({ result }),
        (error: unknown) => answer({ error: errorOf(error) }),
      );
    }
    return true;
  }

  async #subscribe(
    uri: string,
    { session, answer }: { session: Session; answer: (body: ResponseBody) => void },
  ): Promise<void> {
    if (session.subscriptions.size >= SESSION_SUBSCRIPTIONS_MAX && !session.subscriptions.has(uri)) {
      const message = `A session may subscribe to ${SESSION_SUBSCRIPTIONS_MAX} resources`;
      return answer({ error: { code: ERROR.refused, message } });
    }
    session.subscriptions.add(uri);
    try {
      await session.instance.subscriptions.add(uri, session);
      answer({ result: {} });
    } catch (error) {
      session.subscriptions.delete(uri);
      answer({ error: errorOf(error) });
    }
  }
}

/** What a client says of itself in `initialize`. */
export function clientOf(request: Request): { capabilities: JsonObject; clientInfo: unknown } {
  const { capabilities, clientInfo } = request.params ?? {};
  return { capabilities: isObject(capabilities) ? capabilities : {}, clientInfo };
}

/** The child's own error where it gave one. */
function errorOf(error: unknown): unknown {
  if (error instanceof ChildError) return error.rpcError;
  return { code: ERROR.internal, message: `The MCP server cannot be asked: ${String(error)}` };
}
