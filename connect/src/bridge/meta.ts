import { isObject, type JsonObject } from './json-rpc.ts';
import { MODERN_VERSION } from './protocol-version.ts';

/** Names that MCP 2026-07-28 reserves in `_meta` (basic, general fields, `_meta`). */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
} as const;

/** Who the local client is: from its `initialize`, or from the `_meta` of a request. */
export interface ClientIdentity {
  protocolVersion: string;
  info: unknown;
  capabilities: JsonObject;
}

/** The sender of a request of 2026-07-28; undefined when it says nothing of it, as legacy requests do. */
export function readModernIdentity(params: JsonObject | undefined): ClientIdentity | undefined {
  const meta = params?._meta;
  if (!isObject(meta)) return undefined;
  const protocolVersion = meta[META.protocolVersion];
  if (typeof protocolVersion !== 'string') return undefined;
  const capabilities = meta[META.clientCapabilities];
  return {
    protocolVersion,
    info: meta[META.clientInfo],
    capabilities: isObject(capabilities) ? capabilities : {},
  };
}

/** `params` as a 2026-07-28 request carries them (basic, per-request protocol fields). */
export function withIdentity(
  params: JsonObject | undefined,
  { info, capabilities, logLevel }: { info: unknown; capabilities: JsonObject; logLevel: string | undefined },
): JsonObject {
  return withMeta(params, {
    [META.protocolVersion]: MODERN_VERSION,
    [META.clientCapabilities]: capabilities,
    ...(isObject(info) && { [META.clientInfo]: info }),
    ...(logLevel !== undefined && { [META.logLevel]: logLevel }),
  });
}

/** `params` with these fields in `_meta`, over what stands there. */
export function withMeta(params: JsonObject | undefined, meta: JsonObject): JsonObject {
  return { ...params, _meta: { ...(isObject(params?._meta) ? params._meta : {}), ...meta } };
}

/** `params` without what only 2026-07-28 knows; a `_meta` that is empty then is left out. */
export function withoutIdentity(params: JsonObject | undefined): JsonObject | undefined {
  if (!params || !isObject(params._meta)) return params;
  const kept = Object.entries(params._meta).filter(([key]) => !IDENTITY_KEYS.has(key));
  const { _meta, ...others } = params;
  return kept.length > 0 ? { ...others, _meta: Object.fromEntries(kept) } : others;
}

const IDENTITY_KEYS: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientInfo,
  META.clientCapabilities,
  META.logLevel,
]);

export function readMeta(value: unknown, key: string): unknown {
  return isObject(value) && isObject(value._meta) ? value._meta[key] : undefined;
}
