import { REQUEST_ID_CHARACTERS_MAX } from '../limits.ts';
import { exactDigits } from './exact-json.ts';

export type JsonObject = Record<string, unknown>;
export type RequestId = string | number;

export interface Request {
  kind: 'request';
  id: RequestId;
  method: string;
  params: JsonObject | undefined;
}

export interface Notification {
  kind: 'notification';
  method: string;
  params: JsonObject | undefined;
}

/** What a response says beside its id. */
export type ResponseBody = { result: unknown } | { error: unknown };

export interface Response {
  kind: 'response';
  id: RequestId | null;
  body: ResponseBody;
}

/** `id` is the one to answer with: null where the message's own cannot be used. */
interface Invalid {
  kind: 'invalid';
  id: RequestId | null;
  problem: string;
}

export type Message = Request | Notification | Response | Invalid;

/** Codes of JSON-RPC 2.0 section 5.1, those the MCP SDKs use beside it, and those of MCP 2026-07-28 (basic, error codes). */
export const ERROR = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  refused: -32000,
  timeout: -32001,
  sessionNotFound: -32001,
  cancelled: -32800,
  /** Legacy only: 2026-07-28 says `invalidParams`. */
  resourceNotFound: -32002,
  /** Legacy only: the client must open a URL first. */
  urlElicitationRequired: -32042,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

/** `reason` is a stable word for programs; the message is for people. */
export interface RpcError {
  code: number;
  message: string;
  data?: JsonObject;
}

/** Tells what kind of JSON-RPC 2.0 message a parsed value is. MCP allows neither `id: null` nor positional params. */
export function classifyMessage(value: unknown): Message {
  if (!isObject(value)) return { kind: 'invalid', id: null, problem: 'a message must be a JSON object' };
  const hasId = Object.hasOwn(value, 'id') && value.id !== undefined;
  const idProblem = hasId ? describeIdProblem(value.id) : undefined;
  const id = hasId && idProblem === undefined ? (value.id as RequestId) : null;
  if (value.jsonrpc !== '2.0') return { kind: 'invalid', id, problem: '"jsonrpc" must be "2.0"' };
  if (Object.hasOwn(value, 'method')) return classifyCall(value, { hasId, id, idProblem });
  // Some servers write `"error": null` beside the result.
  const hasError = value.error !== undefined && value.error !== null;
  if (hasError && (value.result === undefined || value.result === null)) {
    return { kind: 'response', id, body: { error: value.error } };
  }
  if ('result' in value && !hasError) return { kind: 'response', id, body: { result: value.result } };
  return { kind: 'invalid', id, problem: 'a message needs "method", or one of "result" and "error"' };
}

function classifyCall(
  value: JsonObject,
  { hasId, id, idProblem }: { hasId: boolean; id: RequestId | null; idProblem: string | undefined },
): Message {
  const { method, params } = value;
  if (typeof method !== 'string' || method === '') return { kind: 'invalid', id, problem: '"method" must be a string' };
  if (idProblem !== undefined) return { kind: 'invalid', id, problem: idProblem };
  if ('result' in value || 'error' in value) return { kind: 'invalid', id, problem: 'a call has no result or error' };
  if (params !== undefined && !isObject(params)) return { kind: 'invalid', id, problem: '"params" must be an object' };
  if (!hasId || id === null) return { kind: 'notification', method, params };
  return { kind: 'request', id, method, params };
}

/** An integer above 2^53 loses digits in parsing: refused, since answering another id than was asked is worse. */
function describeIdProblem(id: unknown): string | undefined {
  if (typeof id === 'string') {
    return id.length <= REQUEST_ID_CHARACTERS_MAX
      ? undefined
      : `"id" is longer than ${REQUEST_ID_CHARACTERS_MAX} characters`;
  }
  if (typeof id !== 'number') return '"id" must be a string, or a number up to 2^53 - 1';
  if (!Number.isFinite(id)) return '"id" must be a finite number';
  return Number.isInteger(id) && !Number.isSafeInteger(id) ? '"id" must be at most 2^53 - 1' : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && exactDigits(value) === undefined;
}

export function renderError(id: RequestId | null, error: RpcError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}

/** What is nested too deeply to be written becomes an error that says so. */
export function renderResponse(id: RequestId, body: ResponseBody): string {
  const text = stringifySafely({ jsonrpc: '2.0', id, ...body });
  if (text !== undefined) return text;
  return renderError(id, { code: ERROR.internal, message: 'The MCP server answered with something nested too deeply' });
}

/** `JSON.stringify` recurses, unlike `JSON.parse`: undefined for what is nested too deeply for the stack. */
export function stringifySafely(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Whether arrays and objects stand in each other deeper than `depthMax`, told from the text, before it is parsed. */
export function isNestedDeeperThan(text: Buffer, depthMax: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i];
    if (byte === QUOTE) {
      i = endOfString(text, i);
      if (i < 0) return false;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
  }
  return false;
}

/** Where the string that begins at `start` is closed; negative when it never is. `indexOf` runs over long ones quickly. */
function endOfString(text: Buffer, start: number): number {
  for (let end = text.indexOf(QUOTE, start + 1); end >= 0; end = text.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
