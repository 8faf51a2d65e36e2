import { ERROR, isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import { META } from './meta.ts';

/** Results that carry caching hints (2026-07-28, caching, cacheable results). */
const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** A legacy server says nothing about freshness or who may see a result, so nothing is promised. */
const NO_CACHING: JsonObject = { ttlMs: 0, cacheScope: 'private' };

/** The answer of a legacy server as 2026-07-28 wants it: `resultType`, caching hints, the server's identity, its codes. */
export function toModernBody(
  body: ResponseBody,
  { method, serverInfo }: { method: string; serverInfo: unknown },
): ResponseBody {
  if ('error' in body) return { error: toModernError(body.error) };
  const result = isObject(body.result) ? body.result : {};
  const meta = isObject(result._meta) ? result._meta : undefined;
  return {
    result: {
      resultType: 'complete',
      ...(CACHEABLE.has(method) && NO_CACHING),
      ...result,
      ...(isObject(serverInfo) && { _meta: { [META.serverInfo]: serverInfo, ...meta } }),
    },
  };
}

/** Codes that 2026-07-28 forbids (basic, error codes): the old ones of MCP, and the reserved ones without a meaning. */
function toModernError(error: unknown): unknown {
  if (!isObject(error) || typeof error.code !== 'number') return error;
  const { code } = error;
  if (code === ERROR.resourceNotFound) return { ...error, code: ERROR.invalidParams };
  const isReserved = code <= RESERVED_FIRST && code >= RESERVED_LAST && !DEFINED.has(code);
  return isReserved ? { ...error, code: ERROR.internal } : error;
}

const RESERVED_FIRST = -32_020;
const RESERVED_LAST = -32_099;
const DEFINED: ReadonlySet<number> = new Set([ERROR.headerMismatch, ERROR.missingCapability, ERROR.unsupportedVersion]);

/** The answer of a modern server without the fields that only 2026-07-28 knows. */
export function toLegacyBody(body: ResponseBody): ResponseBody {
  if ('error' in body || !isObject(body.result)) return body;
  const { resultType, ttlMs, cacheScope, ...result } = body.result;
  if (!isObject(result._meta) || result._meta[META.serverInfo] === undefined) return { result };
  const { [META.serverInfo]: serverInfo, ...meta } = result._meta;
  const { _meta, ...others } = result;
  return { result: Object.keys(meta).length > 0 ? { ...others, _meta: meta } : others };
}
