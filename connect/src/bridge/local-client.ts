import type { JsonObject, RequestId, ResponseBody } from './json-rpc.ts';
import type { Ask } from './upstream.ts';

/** A request of the local client, and the way to answer it. */
export interface LocalRequest {
  id: RequestId;
  method: string;
  params: JsonObject | undefined;
  /** Aborted when the client cancels it. */
  signal: AbortSignal;
  /** Answers it, once; later answers and those to cancelled requests go nowhere. */
  respond: (body: ResponseBody) => void;
}

/** The way to the local client. */
export interface LocalClient {
  notify: (method: string, params: JsonObject | undefined) => void;
  /** Asks a legacy client; 2026-07-28 has no requests of servers. */
  ask: (ask: Ask) => Promise<ResponseBody>;
}
