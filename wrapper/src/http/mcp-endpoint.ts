import type { Door } from '../door/door.ts';
import type { Principal } from '../door/principal.ts';
import type { PrincipalQuota } from '../door/principal-quota.ts';
import type { RateLimiter } from '../door/rate-limiter.ts';
import type { Log } from '../measure/log.ts';
import type { RequestId } from '../protocol/json-rpc.ts';
import type { Caller } from '../sessions/caller.ts';
import type { Session } from '../sessions/session.ts';
import type { HttpReply, HttpRequest } from './http-exchange.ts';
import { type InboundMessages, parseAccept, parseMessages } from './inbound-messages.ts';
import type { LegacyHttp } from './legacy-http.ts';
import type { ModernHttp } from './modern-http.ts';
import { readJsonBody } from './read-body.ts';
import { Refusal, type RefusalReason, sendRefusal } from './refusal.ts';
import { namesModernVersion, selectEra } from './select-era.ts';
import { unavailable } from './unavailable.ts';

export interface McpEndpointOptions {
  log: Log;
  door: Door;
  rates: RateLimiter;
  legacy: LegacyHttp;
  modern: ModernHttp;
  bodyBytesMax: number;
  nestingDepthMax: number;
  batchMessagesMax: number;
  /** Requests in hand, by principal. */
  inHand: PrincipalQuota;
  onRefusal: (reason: RefusalReason) => void;
  callerOf: (principal: Principal, req: HttpRequest) => Caller;
}

/** `/mcp` for clients of both eras, told apart by each message. Throws `Refusal` for what its caller must answer. */
export class McpEndpoint {
  readonly #options: McpEndpointOptions;

  constructor(options: McpEndpointOptions) {
    this.#options = options;
  }

  /** @throws Refusal, or rejects with it */
  handle(req: HttpRequest, res: HttpReply): Promise<void> | undefined {
    switch (req.method) {
      case 'POST':
        return this.#post(req, res);
      case 'GET':
      case 'DELETE':
        return this.#serveSession(req, res);
      case 'OPTIONS':
        this.#preflight(req, res);
        return undefined;
      default:
        throw new Refusal({
          status: 405,
          reason: 'method-not-allowed',
          message: 'This MCP endpoint takes POST, GET and DELETE',
          headers: { allow: 'POST, GET, DELETE, OPTIONS' },
        });
    }
  }

  async #serveSession(req: HttpRequest, res: HttpReply): Promise<void> {
    const caller = await this.#admit(req, res);
    const { legacy } = this.#options;
    if (req.method === 'GET') legacy.get(req, { res, caller });
    else legacy.delete(req, { res, caller });
  }

  async #post(req: HttpRequest, res: HttpReply): Promise<void> {
    const admitted = this.#admit(req, res);
    const caller = admitted instanceof Promise ? await admitted : admitted;
    if (req.destroyed) return;
    this.#options.rates.take(caller.principalId);
    const accept = parseAccept(req);
    const read = readJsonBody(req, this.#options);
    const body = read instanceof Promise ? await read : read;
    if (!body) return;
    const inbound = parseMessages(body.value, this.#options.batchMessagesMax);
    if (inbound.messages.length > 1) this.#options.rates.take(caller.principalId, inbound.messages.length - 1);
    const { legacy, modern } = this.#options;
    const context = { req, res, caller, accept };
    try {
      this.#hold(inbound, { caller, res });
      const session = legacy.findSession(req, { caller, isOptional: true });
      if (session && !session.isVersionMistakeNoted) this.#noteVersionMistake(session, { inbound, req });
      const selected = selectEra(inbound, { headers: req.headers, session });
      const posted = selected.era === 'modern' ? modern.post(selected, context) : legacy.post(inbound, context);
      if (posted instanceof Promise) await posted;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#options.onRefusal(error.reason);
      sendRefusal(res, error, idOfSingle(inbound));
    }
  }

  #noteVersionMistake(session: Session, { inbound, req }: { inbound: InboundMessages; req: HttpRequest }): void {
    if (!namesModernVersion(inbound, req.headers)) return;
    session.isVersionMistakeNoted = true;
    const { protocolVersion } = session;
    this.#options.log.warn('Client names another version than its session has', { protocolVersion });
  }

  /** Browsers ask before they send; only origins that may come in get a yes. */
  #preflight(req: HttpRequest, res: HttpReply): void {
    this.#options.door.checkHostAndOrigin(req);
    allowOrigin(req, res);
    res.setHeader('access-control-allow-methods', 'POST, GET, DELETE');
    // Parameters are mirrored into headers whose names only the tools know, so what is asked for is allowed.
    res.setHeader('access-control-allow-headers', req.headers['access-control-request-headers'] ?? '*');
    res.setHeader('access-control-max-age', '7200');
    res.writeHead(204).end();
  }

  /** A browser must be able to read a refusal too: it is how its client learns where to log in. */
  #admit(req: HttpRequest, res: HttpReply): Caller | Promise<Caller> {
    const { door, callerOf } = this.#options;
    door.checkHostAndOrigin(req);
    allowOrigin(req, res);
    const principal = door.identify(req);
    return principal instanceof Promise ? principal.then((known) => callerOf(known, req)) : callerOf(principal, req);
  }

  /** The requests count as the principal's until their HTTP answer is over. Subscriptions count as streams instead. */
  #hold({ messages }: InboundMessages, { caller, res }: { caller: Caller; res: HttpReply }): void {
    let requests = 0;
    for (const message of messages) {
      if (message.kind === 'request' && message.method !== 'subscriptions/listen') requests += 1;
    }
    const { inHand } = this.#options;
    if (requests === 0 || !inHand.isLimited) return;
    if (!inHand.tryTake(caller.principalId, requests)) {
      throw unavailable('busy', 'This key has as many requests in hand as it may');
    }
    res.once('close', () => inHand.release(caller.principalId, requests));
  }
}

function idOfSingle({ messages, isBatch }: InboundMessages): RequestId | null {
  const [first] = messages;
  return !isBatch && first?.kind === 'request' ? first.id : null;
}

function allowOrigin(req: HttpRequest, res: HttpReply): void {
  if (req.headers.origin === undefined) return;
  res.setHeader('access-control-allow-origin', req.headers.origin);
  res.setHeader('access-control-expose-headers', 'mcp-session-id, www-authenticate, x-request-id');
  res.setHeader('vary', 'origin');
}
