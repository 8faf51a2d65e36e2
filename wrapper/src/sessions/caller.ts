import type { JsonObject } from '../protocol/json-rpc.ts';
import { withMeta } from '../protocol/modern-meta.ts';
import type { Guest } from './instances.ts';

/** Who sends a message, as the door found out. */
export interface Caller extends Guest {
  /** What the child is told of the caller and of the trace, in `_meta`. */
  childMeta: JsonObject | undefined;
}

/** The params for the child, with what it is told beside them. */
export function paramsFor(caller: Caller, params: JsonObject | undefined): JsonObject | undefined {
  return caller.childMeta ? withMeta(params, caller.childMeta) : params;
}
