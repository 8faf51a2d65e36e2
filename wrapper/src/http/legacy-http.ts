import { ERROR, type Request, renderResponse } from '../protocol/json-rpc.ts';
import { SUPPORTED_VERSIONS } from '../protocol/protocol-version.ts';
import type { Caller } from '../sessions/caller.ts';
import type { Instances } from '../sessions/instances.ts';
import { clientOf, type LegacyRouter } from '../sessions/legacy-router.ts';
import type { ServerInstance } from '../sessions/server-instance.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { parseEventId } from '../sessions/stream-log.ts';
import type { Admission } from './admission.ts';
import { EventStream } from './event-stream.ts';
import type { HttpReply, HttpRequest } from './http-exchange.ts';
import { type Accept, type InboundMessages, parseAccept } from './inbound-messages.ts';
import type { OpenStreams } from './open-streams.ts';
import { PostExchange } from './post-exchange.ts';
import { Refusal } from './refusal.ts';
import { unavailable } from './unavailable.ts';

interface Context {
  req: HttpRequest;
  res: HttpReply;
  caller: Caller;
  accept: Accept;
}

/** The first revision that knows events without content (2025-11-25, changelog). */
const FIRST_PRIMED_VERSION = '2025-11-25';

/** Streamable HTTP of 2025-03-26 to 2025-11-25: sessions, the GET stream, resumption. */
export class LegacyHttp {
  readonly #router: LegacyRouter;
  readonly #sessions: SessionStore;
  readonly #instances: Instances;
  readonly #admission: Admission;
  readonly #streams: OpenStreams;
  readonly #streamAgeMsMax: number;

  constructor(options: {
    router: LegacyRouter;
    sessions: SessionStore;
    instances: Instances;
    admission: Admission;
    streams: OpenStreams;
    streamAgeMsMax: number;
  }) {
    this.#router = options.router;
    this.#sessions = options.sessions;
    this.#instances = options.instances;
    this.#admission = options.admission;
    this.#streams = options.streams;
    this.#streamAgeMsMax = options.streamAgeMsMax;
  }

  /** @throws Refusal, or rejects with it */
  post(inbound: InboundMessages, context: Context): Promise<void> | undefined {
    const [first] = inbound.messages;
    if (!inbound.isBatch && first?.kind === 'request' && first.method === 'initialize') {
      return this.#initialize(first, context);
    }
    const { req, caller } = context;
    const session = this.findSession(req, { caller, isOptional: false });
    if (session) checkSessionVersion(req);
    const requests = countRequests(inbound);
    const instance = session?.instance ?? this.#instances.forPrincipal(caller);
    if (!instance) throw unavailable('session-limit', 'All places for servers of their own are taken');
    const reserved = requests > 0 ? this.#admission.reserve(instance, requests) : undefined;
    const relay = (): void => this.#relay(inbound, { ...context, session, instance, requests });
    if (reserved instanceof Promise) return reserved.then(relay);
    relay();
    return undefined;
  }

  #relay(
    inbound: InboundMessages,
    parts: Context & { session: Session | undefined; instance: ServerInstance; requests: number },
  ): void {
    const { res, caller, accept, session, instance, requests } = parts;
    const channel =
      requests > 0
        ? new PostExchange({
            res,
            headers: {},
            ...accept,
            isBatch: inbound.isBatch,
            requests,
            openLog: session && (() => session.openStream()),
            isPrimed: session !== undefined && session.protocolVersion >= FIRST_PRIMED_VERSION,
          })
        : undefined;
    for (const message of inbound.messages) {
      if (message.kind === 'request' && channel) {
        this.#router.request(message, { caller, instance, session, channel });
      } else if (session && message.kind === 'notification') this.#router.notification(message, { session, instance });
      else if (session && message.kind === 'response') session.answer(message);
    }
    if (!channel) res.writeHead(202, { 'content-length': 0 }).end();
  }

  get(req: HttpRequest, { res, caller }: { res: HttpReply; caller: Caller }): void {
    if (!parseAccept(req).takesEvents || req.headers.accept === undefined) {
      throw new Refusal({
        status: 406,
        reason: 'not-acceptable',
        message: 'This is an MCP endpoint: use an MCP client, or send "Accept: text/event-stream"',
      });
    }
    const session = this.#needSession(req, caller);
    checkSessionVersion(req);
    this.#admission.checkDraining();
    const lastEventId = req.headers['last-event-id'];
    const resumed = typeof lastEventId === 'string' ? parseEventId(lastEventId) : undefined;
    const log = resumed ? session.findStream(resumed.streamId) : session.standalone;
    const end = (): void => stream.end();
    this.#streams.hold(caller, { connection: res, end });
    const stream = new EventStream(res);
    const isPrimed = session.protocolVersion >= FIRST_PRIMED_VERSION;
    if (!log) {
      // The stream is not kept any more: nothing can be sent again, and what comes goes to the stream of its own.
      session.standalone.attach(stream, { isPrimed });
    } else log.attach(stream, { isPrimed, ...(resumed && { after: resumed.number }) });
    const timer = setTimeout(end, this.#streamAgeMsMax);
    stream.onClose(() => clearTimeout(timer));
  }

  delete(req: HttpRequest, { res, caller }: { res: HttpReply; caller: Caller }): void {
    this.#sessions.remove(this.#needSession(req, caller));
    res.writeHead(204).end();
  }

  /**
   * The session that the request names. No session is no mistake: the child is initialised, so a lone `tools/list` can be
   * answered.
   * @throws Refusal 404 for one that is over (2025-11-25, transports, session management), unless it is optional
   */
  findSession(req: HttpRequest, { caller, isOptional }: { caller: Caller; isOptional: boolean }): Session | undefined {
    const id = req.headers['mcp-session-id'];
    if (typeof id !== 'string') return undefined;
    const session = this.#sessions.use(id, caller.principalId);
    if (session || isOptional) return session;
    throw new Refusal({
      status: 404,
      reason: 'session-not-found',
      code: ERROR.sessionNotFound,
      message: 'Session not found: send "initialize" to open a new one',
    });
  }

  #needSession(req: HttpRequest, caller: Caller): Session {
    const session = this.findSession(req, { caller, isOptional: false });
    if (session) return session;
    throw new Refusal({
      status: 400,
      reason: 'bad-request',
      code: ERROR.invalidRequest,
      message: 'The Mcp-Session-Id header is missing',
    });
  }

  /** Answered from what the child said when the wrapper initialised it; a shared child has one handshake in its life. */
  async #initialize(request: Request, { res, caller, accept }: Context): Promise<void> {
    this.#admission.checkDraining();
    const instance = this.#sessions.hasRoom() ? this.#instances.forSession(caller, clientOf(request)) : undefined;
    if (!instance) throw unavailable('session-limit', 'All sessions of this server are in use');
    const server = await this.#instances.orDiscard(instance, () => this.#admission.reserve(instance, 1));
    const { session, body } = this.#router.open(request, { caller, instance, server });
    const headers = { 'mcp-session-id': session.id };
    const channel = new PostExchange({ res, headers, ...accept, isBatch: false, requests: 1, isPrimed: false });
    channel.end(renderResponse(request.id, body));
  }
}

function countRequests({ messages }: InboundMessages): number {
  let requests = 0;
  for (const { kind } of messages) if (kind === 'request') requests += 1;
  return requests;
}

/**
 * Clients that name the next revision in a session of an older one are let be (`selectEra`).
 * @throws Refusal 400 for a version nobody knows (2025-11-25, transports, version header)
 */
function checkSessionVersion(req: HttpRequest): void {
  const version = req.headers['mcp-protocol-version'];
  if (typeof version !== 'string' || SUPPORTED_VERSIONS.includes(version)) return;
  throw new Refusal({
    status: 400,
    reason: 'unsupported-protocol-version',
    code: ERROR.unsupportedVersion,
    message: 'Unsupported protocol version',
    data: { supported: SUPPORTED_VERSIONS, requested: version },
  });
}
