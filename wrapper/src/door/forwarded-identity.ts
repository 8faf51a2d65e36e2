import type { IncomingHttpHeaders } from 'node:http';
import { FORWARDED_HEADER_CHARACTERS_MAX } from '../limits.ts';
import type { Principal } from './principal.ts';

export interface ForwardOptions {
  /** Lower-case names of headers the server is told. */
  forwardHeaders: readonly string[];
  /** Whether the server is told who asks. */
  forwardPrincipal: boolean;
}

/** Keys of `_meta` that only the wrapper may set. Reverse DNS (2026-07-28, basic, `_meta`). */
const META_PREFIX = 'dev.mcp-hosting/';

/** Credentials stop at the wrapper: a server must not get tokens it was not meant for (2026-07-28, token passthrough). */
const SECRET_HEADERS: readonly string[] = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

/** Whether a client that sends this key of `_meta` would speak for the wrapper. */
function isReservedMetaKey(key: string): boolean {
  return key.startsWith(META_PREFIX);
}

/** `_meta` of a client without the keys that are the wrapper's; the same object where there are none. */
export function dropReservedMeta(meta: Record<string, unknown>): Record<string, unknown> {
  for (const key in meta) {
    if (isReservedMetaKey(key))
      return Object.fromEntries(Object.entries(meta).filter(([name]) => !isReservedMetaKey(name)));
  }
  return meta;
}

/**
 * What is added to `params._meta` of a request to the server: `dev.mcp-hosting/principal` with id, kind, name, subject
 * and scopes, and `dev.mcp-hosting/headers` with the selected headers by lower-case name.
 * @returns undefined when nothing is to be told
 */
export function childMeta(
  principal: Principal,
  headers: IncomingHttpHeaders,
  options: ForwardOptions,
): Record<string, unknown> | undefined {
  const { forwardHeaders, forwardPrincipal } = options;
  if (!forwardPrincipal && forwardHeaders.length === 0) return undefined;
  const selected = selectHeaders(headers, forwardHeaders);
  if (!forwardPrincipal && selected.length === 0) return undefined;
  return {
    ...(forwardPrincipal && { [`${META_PREFIX}principal`]: principal }),
    ...(selected.length > 0 && { [`${META_PREFIX}headers`]: Object.fromEntries(selected) }),
  };
}

/**
 * The same for a server that has one client in its life, as variables: `MCP_PRINCIPAL_ID`, `_KIND`, `_NAME`, `_SUBJECT`,
 * `_SCOPES` (separated by blanks) and `MCP_HEADER_X_TENANT` for `x-tenant`.
 */
export function childEnvironment(
  principal: Principal,
  headers: IncomingHttpHeaders,
  { forwardHeaders, forwardPrincipal }: ForwardOptions,
): Record<string, string> {
  const env: Record<string, string> = {};
  if (forwardPrincipal) {
    env.MCP_PRINCIPAL_ID = principal.id;
    env.MCP_PRINCIPAL_KIND = principal.kind;
    if (principal.name !== undefined) env.MCP_PRINCIPAL_NAME = principal.name;
    if (principal.subject !== undefined) env.MCP_PRINCIPAL_SUBJECT = principal.subject.replaceAll('\0', '');
    env.MCP_PRINCIPAL_SCOPES = principal.scopes.join(' ');
  }
  for (const [name, value] of selectHeaders(headers, forwardHeaders)) {
    env[`MCP_HEADER_${name.toUpperCase().replaceAll('-', '_')}`] = value;
  }
  return env;
}

function selectHeaders(headers: IncomingHttpHeaders, names: readonly string[]): [string, string][] {
  const selected: [string, string][] = [];
  for (const name of names) {
    const value = headers[name];
    if (typeof value !== 'string' || SECRET_HEADERS.includes(name)) continue;
    if (value.length <= FORWARDED_HEADER_CHARACTERS_MAX) selected.push([name, value]);
  }
  return selected;
}
