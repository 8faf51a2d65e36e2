import type { IncomingHttpHeaders } from 'node:http';
import { exactDigits } from './exact-json.ts';
import { isObject, type JsonObject } from './json-rpc.ts';
import type { HeaderParameter } from './tool-headers.ts';

/** Methods whose `Mcp-Name` mirrors this parameter. */
export const NAMED_METHODS: ReadonlyMap<string, 'name' | 'uri'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

/**
 * Whether the mirrored headers say what the body says (2026-07-28, streamable HTTP, server validation).
 * @returns what is wrong, or undefined
 */
export function findHeaderMismatch(
  headers: IncomingHttpHeaders,
  request: { method: string; params: JsonObject | undefined; protocolVersion: string },
): string | undefined {
  const { method, params } = request;
  return (
    compare(headers, 'mcp-protocol-version', request.protocolVersion) ??
    compare(headers, 'mcp-method', method) ??
    compareName(headers, { method, params })
  );
}

function compareName(
  headers: IncomingHttpHeaders,
  { method, params }: { method: string; params: JsonObject | undefined },
): string | undefined {
  const source = NAMED_METHODS.get(method);
  const value = source && params?.[source];
  // A body without the name is refused by whoever executes it.
  return typeof value === 'string' ? compare(headers, 'mcp-name', value, true) : undefined;
}

/** The same for `Mcp-Param-*` of a tool call. */
export function findParameterMismatch(
  headers: IncomingHttpHeaders,
  parameters: readonly HeaderParameter[],
  args: unknown,
): string | undefined {
  for (const { header, path } of parameters) {
    const value = valueAt(args, path);
    const given = headers[header];
    if (value === undefined || value === null) {
      if (given !== undefined) return `${header} is sent, but ${path.join('.')} is not in the arguments`;
    } else if (given === undefined) return `${header} is missing: ${path.join('.')} must be mirrored in it`;
    else {
      const decoded = decodeHeaderValue(String(given));
      if (decoded === undefined) return `${header} holds characters that must be encoded`;
      if (!isSameValue(decoded, value)) return `${header} does not match ${path.join('.')} in the arguments`;
    }
  }
  return undefined;
}

function compare(
  headers: IncomingHttpHeaders,
  name: string,
  expected: string,
  isEncodable = false,
): string | undefined {
  const given = headers[name];
  if (typeof given !== 'string') return `the ${name} header is missing`;
  if (given === expected) return undefined;
  const decoded = isEncodable ? decodeHeaderValue(given) : given;
  if (decoded === undefined) return `the ${name} header holds characters that must be encoded`;
  return decoded === expected ? undefined : `the ${name} header does not match the body`;
}

/**
 * A value of `Mcp-Name` or `Mcp-Param-*`: plain visible ASCII, or `=?base64?…?=` of UTF-8.
 * @returns undefined for invalid characters, base64 or UTF-8
 */
function decodeHeaderValue(given: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(given)?.[1];
  if (encoded === undefined) return /^[\t\x20-\x7e]*$/.test(given) ? given : undefined;
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
}

/** Integers are compared as numbers: `42.0` is 42. */
function isSameValue(text: string, value: unknown): boolean {
  if (typeof value === 'number') return text.trim() !== '' && Number(text) === value;
  return text === (exactDigits(value) ?? String(value));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const step of path) {
    if (!isObject(found) || !Object.hasOwn(found, step)) return undefined;
    found = found[step];
  }
  return found;
}
