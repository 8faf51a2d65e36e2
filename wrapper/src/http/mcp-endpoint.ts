import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ChildSupervisor } from '../child/child-supervisor.ts';
import type { ServerIdentity } from '../child/handshake.ts';
import type { Door } from '../door/door.ts';
import type { Principal } from '../door/principal.ts';
import type { PrincipalQuota } from '../door/principal-quota.ts';
import type { RateLimiter } from '../door/rate-limiter.ts';
import { RETRY_AFTER_SECONDS } from '../limits.ts';
import { ERROR, type Request, type RequestId, renderResult } from '../protocol/json-rpc.ts';
import { negotiateVersion } from '../protocol/protocol-version.ts';
import type { ClientMessages } from '../sessions/client-messages.ts';
import type { Relay } from '../sessions/relay.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { EventStream } from './event-stream.ts';
import { checkProtocolVersion, type InboundMessages, parseAccept, parseMessages } from './inbound-messages.ts';
import { PostExchange } from './post-exchange.ts';
import { readJsonBody } from './read-body.ts';
import { Refusal, type RefusalReason, sendRefusal } from './refusal.ts';

export interface McpEndpointOptions {
  door: Door;
  rates: RateLimiter;
  sessions: SessionStore;
  supervisor: ChildSupervisor;
  relay: Relay;
  clientMessages: ClientMessages;
  bodyBytesMax: number;
  nestingDepthMax: number;
  batchMessagesMax: number;
  requestsMax: number;
  readyWaitMs: number;
  /** Streams open, by principal. */
  streams: PrincipalQuota;
  /** Requests in hand, by principal. */
  inHand: PrincipalQuota;
  onRefusal: (reason: RefusalReason) => void;
  isDraining: () => boolean;
}

/** `/mcp`: Streamable HTTP of 2024-11-05 to 2025-11-25. Throws `Refusal` for what its caller must answer. */
export class McpEndpoint {
  readonly #options: McpEndpointOptions;
  #waitingForChild = 0;

  constructor(options: McpEndpointOptions) {
    this.#options = options;
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    switch (req.method) {
      case 'POST':
        return await this.#post(req, res);
      case 'GET':
        return await this.#get(req, res);
      case 'DELETE':
        return await this.#delete(req, res);
      case 'OPTIONS':
        return this.#preflight(req, res);
      default:
        throw new Refusal({
          status: 405,
          reason: 'method-not-allowed',
          message: 'This MCP endpoint takes POST, GET and DELETE',
          headers: { allow: 'POST, GET, DELETE, OPTIONS' },
        });
    }
  }

  async #post(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const principal = await this.#admit(req, res);
    if (req.destroyed) return;
    this.#options.rates.take(principal);
    const accept = parseAccept(req);
    const body = await readJsonBody(req, this.#options);
    if (!body) return;
    const inbound = parseMessages(body.value, this.#options.batchMessagesMax);
    if (inbound.messages.length > 1) this.#options.rates.take(principal, inbound.messages.length - 1);
    try {
      await this.#act(inbound, { req, res, principal, accept });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#options.onRefusal(error.reason);
      sendRefusal(res, error, idOfSingle(inbound));
    }
  }

  async #act(
    inbound: InboundMessages,
    context: { req: IncomingMessage; res: ServerResponse; principal: Principal; accept: Accept },
  ): Promise<void> {
    const { req, res, principal, accept } = context;
    const requests = inbound.messages.filter((message) => message.kind === 'request').length;
    const [first] = inbound.messages;
    if (!inbound.isBatch && first?.kind === 'request' && first.method === 'initialize') {
      return await this.#initialize(first, { res, principal, accept });
    }
    const session = this.#findSession(req, principal);
    checkProtocolVersion(req, { messages: inbound.messages, session });
    if (requests > 0) {
      this.#hold(requests, { principal, res });
      await this.#reserve(requests);
    }
    const exchange =
      requests > 0
        ? new PostExchange({ res, session, headers: {}, ...accept, isBatch: inbound.isBatch, requests })
        : undefined;
    for (const message of inbound.messages) {
      if (message.kind === 'request' && exchange) this.#options.clientMessages.request(message, exchange);
      if (message.kind === 'notification') this.#options.clientMessages.notification(message, session);
      // Responses are dropped: the wrapper never sends a client a request.
    }
    if (!exchange) res.writeHead(202, { 'content-length': 0 }).end();
  }

  /** Answered from what the child said when the wrapper initialised it; the child has one handshake in its life. */
  async #initialize(
    request: Request,
    { res, principal, accept }: { res: ServerResponse; principal: Principal; accept: Accept },
  ): Promise<void> {
    const { protocolVersion, initializeResult } = await this.#reserve(1);
    const version = negotiateVersion(request.params?.protocolVersion, protocolVersion);
    const session = this.#options.sessions.create({ principal: principal.id, protocolVersion: version });
    if (!session) throw unavailable('session-limit', 'All sessions of this server are in use');
    const headers = { 'mcp-session-id': session.id };
    const exchange = new PostExchange({ res, session, headers, ...accept, isBatch: false, requests: 1 });
    exchange.reply(renderResult(request.id, { ...initializeResult, protocolVersion: version }));
  }

  async #get(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const principal = await this.#admit(req, res);
    if (!parseAccept(req).takesEvents || req.headers.accept === undefined) {
      throw new Refusal({
        status: 406,
        reason: 'not-acceptable',
        message: 'This is an MCP endpoint: use an MCP client, or send "Accept: text/event-stream"',
      });
    }
    const session = this.#needSession(req, principal);
    checkProtocolVersion(req, { messages: [], session });
    if (this.#options.isDraining()) throw unavailable('draining', 'This server is shutting down');
    if (!this.#options.streams.tryTake(principal)) {
      throw unavailable('stream-limit', 'All streams of this key are in use');
    }
    res.once('close', () => this.#options.streams.release(principal));
    session.attachStream(new EventStream(res));
  }

  async #delete(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const principal = await this.#admit(req, res);
    this.#options.sessions.remove(this.#needSession(req, principal));
    res.writeHead(204).end();
  }

  /** Browsers ask before they send; only origins that may come in get a yes. */
  #preflight(req: IncomingMessage, res: ServerResponse): void {
    this.#options.door.checkHostAndOrigin(req);
    allowOrigin(req, res);
    res.setHeader('access-control-allow-methods', 'POST, GET, DELETE');
    res.setHeader(
      'access-control-allow-headers',
      'accept, authorization, content-type, last-event-id, mcp-protocol-version, mcp-session-id, x-request-id',
    );
    res.setHeader('access-control-max-age', '7200');
    res.writeHead(204).end();
  }

  /** A browser must be able to read a refusal too: it is how its client learns where to log in. */
  async #admit(req: IncomingMessage, res: ServerResponse): Promise<Principal> {
    this.#options.door.checkHostAndOrigin(req);
    allowOrigin(req, res);
    const principal = this.#options.door.identify(req);
    return principal instanceof Promise ? await principal : principal;
  }

  /** No session is no mistake: the child is initialised, so a lone `tools/list` can be answered. */
  #findSession(req: IncomingMessage, principal: Principal): Session | undefined {
    const id = req.headers['mcp-session-id'];
    if (typeof id !== 'string') return undefined;
    const session = this.#options.sessions.use(id, principal.id);
    if (session) return session;
    throw new Refusal({
      status: 404,
      reason: 'session-not-found',
      code: ERROR.sessionNotFound,
      message: 'Session not found: send "initialize" to open a new one',
    });
  }

  #needSession(req: IncomingMessage, principal: Principal): Session {
    const session = this.#findSession(req, principal);
    if (session) return session;
    throw new Refusal({
      status: 400,
      reason: 'bad-request',
      code: ERROR.invalidRequest,
      message: 'The Mcp-Session-Id header is missing',
    });
  }

  /** The requests count as the principal's until their HTTP answer is over. */
  #hold(requests: number, { principal, res }: { principal: Principal; res: ServerResponse }): void {
    if (!this.#options.inHand.tryTake(principal, requests)) {
      throw unavailable('busy', 'This key has as many requests in hand as it may');
    }
    res.once('close', () => this.#options.inHand.release(principal, requests));
  }

  /** Waits until there is a child to ask, if there is room for the requests. */
  async #reserve(requests: number): Promise<ServerIdentity> {
    const { isDraining, relay, requestsMax, supervisor, readyWaitMs } = this.#options;
    if (isDraining()) throw unavailable('draining', 'This server is shutting down');
    if (relay.callsInFlight + this.#waitingForChild + requests > requestsMax) {
      throw unavailable('busy', `This server has ${requestsMax} requests in hand and takes no more`);
    }
    if (supervisor.state.kind === 'ready') return supervisor.state.server;
    this.#waitingForChild += requests;
    const server = await supervisor.whenReady(readyWaitMs);
    this.#waitingForChild -= requests;
    if (isDraining()) throw unavailable('draining', 'This server is shutting down');
    if (server) return server;
    throw unavailable('child-not-ready', 'The MCP server behind this endpoint is not running at the moment');
  }
}

type Accept = ReturnType<typeof parseAccept>;

function idOfSingle({ messages, isBatch }: InboundMessages): RequestId | null {
  const [first] = messages;
  return !isBatch && first?.kind === 'request' ? first.id : null;
}

function allowOrigin(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.origin === undefined) return;
  res.setHeader('access-control-allow-origin', req.headers.origin);
  res.setHeader('access-control-expose-headers', 'mcp-session-id, www-authenticate, x-request-id');
  res.setHeader('vary', 'origin');
}

function unavailable(reason: RefusalReason, message: string): Refusal {
  return new Refusal({ status: 503, reason, message, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } });
}
