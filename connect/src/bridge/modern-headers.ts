import type { JsonObject } from './json-rpc.ts';
import { META, readMeta } from './meta.ts';
import { MODERN_VERSION } from './protocol-version.ts';
import { encodeHeaderValue } from './tool-headers.ts';

/** Methods whose `Mcp-Name` mirrors this parameter. */
const NAMED_METHODS: ReadonlyMap<string, 'name' | 'uri'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

/** What a request of 2026-07-28 mirrors into headers (streamable HTTP, request metadata), tool parameters apart. */
export function mirrorRequest({ method, params }: { method: string; params: JsonObject }): Record<string, string> {
  const version = readMeta(params, META.protocolVersion);
  const source = NAMED_METHODS.get(method);
  const name = source && params[source];
  return {
    'MCP-Protocol-Version': typeof version === 'string' ? version : MODERN_VERSION,
    'Mcp-Method': encodeHeaderValue(method),
    ...(typeof name === 'string' && { 'Mcp-Name': encodeHeaderValue(name) }),
  };
}
