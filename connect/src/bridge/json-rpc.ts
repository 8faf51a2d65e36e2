export type JsonObject = Record<string, unknown>;
export type RequestId = string | number;

/** A JSON-RPC 2.0 message. `value` is passed on as it is; nothing is checked that the other side will check. */
export type Message =
  | { kind: 'request'; id: RequestId; method: string; value: JsonObject }
  | { kind: 'notification'; method: string; value: JsonObject }
  | { kind: 'response'; id: RequestId | null; value: JsonObject };

/** Codes of JSON-RPC 2.0 and the one the MCP SDKs use for a lost connection. */
export const ERROR = { parse: -32700, invalidRequest: -32600, connection: -32000 } as const;

/** Undefined for what is no message. */
export function classifyMessage(value: unknown): Message | undefined {
  if (!isObject(value) || value.jsonrpc !== '2.0') return undefined;
  const { id, method } = value;
  const isId = typeof id === 'string' || typeof id === 'number';
  if (typeof method === 'string') {
    if (isId) return { kind: 'request', id, method, value };
    return id === undefined ? { kind: 'notification', method, value } : undefined;
  }
  if (!('result' in value || 'error' in value)) return undefined;
  return { kind: 'response', id: isId ? id : null, value };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function errorResponse(
  id: RequestId | null,
  error: { code: number; message: string; data?: unknown },
): JsonObject {
  return { jsonrpc: '2.0', id, error };
}
