import { ERROR, type RequestId, renderError } from '../protocol/json-rpc.ts';
import type { HttpReply } from './http-exchange.ts';
import { sendJson } from './send-json.ts';

/** Why a request was not passed on; stable words for programs, listed in the README. */
export type RefusalReason =
  | 'auth-unavailable'
  | 'bad-request'
  | 'body-too-large'
  | 'busy'
  | 'child-not-ready'
  | 'draining'
  | 'forbidden-host'
  | 'forbidden-origin'
  | 'headers-too-large'
  | 'insufficient-scope'
  | 'internal'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'not-found'
  | 'parse-error'
  | 'rate-limited'
  | 'session-limit'
  | 'session-not-found'
  | 'stream-limit'
  | 'unauthorized'
  | 'unsupported-media-type'
  | 'unsupported-protocol-version'
  | 'upgrade-required';

interface RefusalParts {
  status: number;
  reason: RefusalReason;
  message: string;
  code?: number;
  headers?: Record<string, string>;
  data?: Record<string, unknown>;
}

/** A request answered by the wrapper instead of the child: an HTTP status and a JSON-RPC error, never HTML or a stack. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: RefusalReason;
  readonly code: number;
  readonly headers: Record<string, string>;
  readonly data: Record<string, unknown>;

  constructor(parts: RefusalParts) {
    super(parts.message);
    this.name = 'Refusal';
    this.status = parts.status;
    this.reason = parts.reason;
    this.code = parts.code ?? ERROR.refused;
    this.headers = parts.headers ?? {};
    this.data = parts.data ?? {};
  }

  /** @param id of the request that is refused; null where it is not known */
  toJson(id: RequestId | null): string {
    const data = { reason: this.reason, ...this.data };
    return renderError(id, { code: this.code, message: this.message, data });
  }
}

export function sendRefusal(res: HttpReply, refusal: Refusal, id: RequestId | null = null): void {
  sendJson(res, refusal.status, refusal.toJson(id), refusal.headers);
}
