import { isObject, type JsonObject } from './json-rpc.ts';
import { isLogLevel } from './log-level.ts';
import { META } from './meta-keys.ts';

/** What a request of 2026-07-28 says about its sender. */
export interface ModernMeta {
  protocolVersion: string;
  clientCapabilities: JsonObject;
  clientInfo: unknown;
  logLevel: string | undefined;
}

export type MetaOutcome =
  | { kind: 'none' }
  | { kind: 'modern'; meta: ModernMeta }
  | { kind: 'malformed'; problem: string };

/** Reads the per-request fields (2026-07-28, basic, per-request protocol fields). `none`: it carries no version at all. */
export function readModernMeta(params: JsonObject | undefined): MetaOutcome {
  const meta = params?._meta;
  if (!isObject(meta) || meta[META.protocolVersion] === undefined) return { kind: 'none' };
  const protocolVersion = meta[META.protocolVersion];
  const clientCapabilities = meta[META.clientCapabilities];
  const logLevel = meta[META.logLevel];
  if (typeof protocolVersion !== 'string') return malformed(META.protocolVersion, 'a string');
  if (!isObject(clientCapabilities)) return malformed(META.clientCapabilities, 'an object');
  if (logLevel !== undefined && !isLogLevel(logLevel)) return malformed(META.logLevel, 'a log level');
  return {
    kind: 'modern',
    meta: { protocolVersion, clientCapabilities, clientInfo: meta[META.clientInfo], logLevel },
  };
}

function malformed(key: string, expected: string): MetaOutcome {
  return { kind: 'malformed', problem: `"_meta" needs "${key}", which must be ${expected}` };
}

/** `params` without what only 2026-07-28 knows; a `_meta` that is empty then is left out. */
export function withoutModernMeta(params: JsonObject | undefined): JsonObject | undefined {
  if (!params || !isObject(params._meta)) return params;
  const meta: JsonObject = {};
  let kept = 0;
  for (const key of Object.keys(params._meta)) {
    if (MODERN_KEYS.has(key)) continue;
    meta[key] = params._meta[key];
    kept += 1;
  }
  const { _meta, ...others } = params;
  return kept > 0 ? { ...others, _meta: meta } : others;
}

const MODERN_KEYS: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientInfo,
  META.clientCapabilities,
  META.logLevel,
]);

/** `params` with these fields in `_meta`, over what stands there. */
export function withMeta(params: JsonObject | undefined, meta: JsonObject): JsonObject {
  return { ...params, _meta: { ...(isObject(params?._meta) ? params._meta : {}), ...meta } };
}
