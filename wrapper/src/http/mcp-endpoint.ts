import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Door, Principal } from '../door/door.ts';
import type { RateLimiter } from '../door/rate-limiter.ts';
import type { RequestId } from '../protocol/json-rpc.ts';
import type { Caller } from '../sessions/caller.ts';
import { type InboundMessages, parseAccept, parseMessages } from './inbound-messages.ts';
import type { LegacyHttp } from './legacy-http.ts';
import type { ModernHttp } from './modern-http.ts';
import { readJsonBody } from './read-body.ts';
import { Refusal, sendRefusal } from './refusal.ts';
import { selectEra } from './select-era.ts';

export interface McpEndpointOptions {
  door: Door;
  rates: RateLimiter;
  legacy: LegacyHttp;
  modern: ModernHttp;
  bodyBytesMax: number;
  callerOf: (principal: Principal, req: IncomingMessage) => Caller;
}

/** `/mcp` for clients of both eras, told apart by each message. Throws `Refusal` for what its caller must answer. */
export class McpEndpoint {
  readonly #options: McpEndpointOptions;

  constructor(options: McpEndpointOptions) {
    this.#options = options;
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { legacy } = this.#options;
    switch (req.method) {
      case 'POST':
        return await this.#post(req, res);
      case 'GET':
        return legacy.get(req, { res, caller: this.#admit(req, res) });
      case 'DELETE':
        return legacy.delete(req, { res, caller: this.#admit(req, res) });
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
    const caller = this.#admit(req, res);
    this.#options.rates.take(caller.principalId);
    const accept = parseAccept(req);
    const body = await readJsonBody(req, this.#options.bodyBytesMax);
    if (!body) return;
    const inbound = parseMessages(body.value);
    if (inbound.messages.length > 1) this.#options.rates.take(caller.principalId, inbound.messages.length - 1);
    const { legacy, modern } = this.#options;
    const context = { req, res, caller, accept };
    try {
      const session = legacy.findSession(req, { caller, isOptional: true });
      const selected = selectEra(inbound, { headers: req.headers, session });
      if (selected.era === 'modern') await modern.post(selected, context);
      else await legacy.post(inbound, context);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      sendRefusal(res, error, idOfSingle(inbound));
    }
  }

  /** Browsers ask before they send; only origins that may come in get a yes. */
  #preflight(req: IncomingMessage, res: ServerResponse): void {
    this.#options.door.checkHost(req);
    this.#options.door.checkOrigin(req);
    allowOrigin(req, res);
    res.setHeader('access-control-allow-methods', 'POST, GET, DELETE');
    // Parameters are mirrored into headers whose names only the tools know, so what is asked for is allowed.
    res.setHeader('access-control-allow-headers', req.headers['access-control-request-headers'] ?? '*');
    res.setHeader('access-control-max-age', '7200');
    res.writeHead(204).end();
  }

  #admit(req: IncomingMessage, res: ServerResponse): Caller {
    const principal = this.#options.door.admit(req);
    allowOrigin(req, res);
    return this.#options.callerOf(principal, req);
  }
}

function idOfSingle({ messages, isBatch }: InboundMessages): RequestId | null {
  const [first] = messages;
  return !isBatch && first?.kind === 'request' ? first.id : null;
}

function allowOrigin(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.origin === undefined) return;
  res.setHeader('access-control-allow-origin', req.headers.origin);
  res.setHeader('access-control-expose-headers', 'mcp-session-id, www-authenticate');
  res.setHeader('vary', 'origin');
}
