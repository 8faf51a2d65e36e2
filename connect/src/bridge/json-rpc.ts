import { exactDigits } from './exact-json.ts';

export type JsonObject = Record<string, unknown>;
export type RequestId = string | number;

/** A JSON-RPC 2.0 message. `value` is the whole of it; nothing is checked that the other side will check. */
export type Message =
  | { kind: 'request'; id: RequestId; method: string; params: JsonObject | undefined; value: JsonObject }
  | { kind: 'notification'; method: string; params: JsonObject | undefined; value: JsonObject }
  | { kind: 'response'; id: RequestId | null; body: ResponseBody; value: JsonObject };

/** What a response says beside its id. */
export type ResponseBody = { result: unknown } | { error: unknown };

/** Codes of JSON-RPC 2.0, those the MCP SDKs use beside it, and those of MCP 2026-07-28 (basic, error codes). */
export const ERROR = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  connection: -32000,
  /** Legacy only: 2026-07-28 says `invalidParams`. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

/** Undefined for what is no message. */
export function classifyMessage(value: unknown): Message | undefined {
  if (!isObject(value) || value.jsonrpc !== '2.0') return undefined;
  const { id, method } = value;
  const isId = isRequestId(id);
  if (typeof method === 'string') {
    const params = isObject(value.params) ? value.params : undefined;
    if (isId) return { kind: 'request', id, method, params, value };
    return id === undefined ? { kind: 'notification', method, params, value } : undefined;
  }
  if (value.error !== undefined && value.error !== null) {
    return { kind: 'response', id: isId ? id : null, body: { error: value.error }, value };
  }
  return 'result' in value
    ? { kind: 'response', id: isId ? id : null, body: { result: value.result }, value }
    : undefined;
}

/** A number beyond all numbers is none. */
export function isRequestId(id: unknown): id is RequestId {
  return typeof id === 'string' || Number.isFinite(id);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && exactDigits(value) === undefined;
}

export function errorResponse(
  id: RequestId | null,
  error: { code: number; message: string; data?: unknown },
): JsonObject {
  return { jsonrpc: '2.0', id, error };
}

/** The code of a JSON-RPC error, whatever else it holds. */
export function errorCode(body: ResponseBody): number | undefined {
  return 'error' in body && isObject(body.error) && typeof body.error.code === 'number' ? body.error.code : undefined;
}
