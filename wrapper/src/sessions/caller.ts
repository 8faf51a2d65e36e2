import type { IncomingHttpHeaders } from 'node:http';
import { dropReservedMeta } from '../door/forwarded-identity.ts';
import { traceMeta } from '../measure/trace-context.ts';
import { isObject, type JsonObject } from '../protocol/json-rpc.ts';
import type { Guest } from './instances.ts';

/** Who sends a message, as the door found out. */
export interface Caller extends Guest {
  /** Wall-clock time from which its token lets nobody in any more. */
  expiresAtMs: number | undefined;
  /** What the child is told of the caller, in `_meta`. */
  childMeta: JsonObject | undefined;
  /** Of the request that the message came with; undefined on a connection of many messages. */
  headers: IncomingHttpHeaders | undefined;
}

/** The params for the child: with what it is told, and without what only the wrapper may tell it. */
export function paramsFor(caller: Caller, params: JsonObject | undefined): JsonObject | undefined {
  const given = isObject(params?._meta) ? params._meta : undefined;
  const kept = given && dropReservedMeta(given);
  const trace = caller.headers && traceMeta(caller.headers, kept);
  if (!caller.childMeta && !trace && kept === given) return params;
  return { ...params, _meta: { ...kept, ...trace, ...caller.childMeta } };
}
