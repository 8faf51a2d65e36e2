import type { IncomingHttpHeaders } from 'node:http';
import { ERROR, type Request } from '../protocol/json-rpc.ts';
import { findHeaderMismatch, NAMED_METHODS } from '../protocol/modern-headers.ts';
import { type ModernMeta, readModernMeta } from '../protocol/modern-meta.ts';
import { isModernVersion, LEGACY_VERSIONS, MODERN_VERSION, SUPPORTED_VERSIONS } from '../protocol/protocol-version.ts';
import type { Session } from '../sessions/session.ts';
import type { InboundMessages } from './inbound-messages.ts';
import { Refusal } from './refusal.ts';

export type SelectedEra =
  | { era: 'legacy' }
  | { era: 'modern'; request: Request; meta: ModernMeta }
  /** 2026-07-28 defines none that a client sends over HTTP. */
  | { era: 'modern'; request: undefined };

/**
 * Which era a POST belongs to: a body that carries its version in `_meta` is modern, whatever else is legacy. In an open
 * session everything is legacy: some clients send the newer version in header or `_meta` after they agreed on an older.
 * @throws Refusal 400 with the code that the modern revision gives (2026-07-28, streamable HTTP, server validation)
 */
export function selectEra(
  { messages, isBatch }: InboundMessages,
  { headers, session }: { headers: IncomingHttpHeaders; session: Session | undefined },
): SelectedEra {
  if (session) return { era: 'legacy' };
  const version = headers['mcp-protocol-version'];
  const [first] = messages;
  if (isBatch || !first || first.kind === 'response') return { era: checkLegacyVersion(version) };
  const isModernHeader = typeof version === 'string' && isModernVersion(version);
  const meta = readModernMeta(first.params);
  if (meta.kind === 'malformed') throw badRequest(ERROR.invalidParams, meta.problem);
  if (meta.kind === 'none') {
    if (first.method === 'initialize') return { era: 'legacy' };
    if (!isModernHeader && first.method !== 'server/discover') return { era: checkLegacyVersion(version) };
    if (first.kind === 'notification') return { era: 'modern', request: undefined };
    throw badRequest(ERROR.invalidParams, '"_meta" must carry the protocol version and the client\'s capabilities');
  }
  if (first.kind === 'notification') return { era: 'modern', request: undefined };
  return checkModern(first, { headers, meta: meta.meta });
}

/** Whether a client in a session names the revision after it, which some do: in the header, or in `_meta`. */
export function namesModernVersion({ messages }: InboundMessages, headers: IncomingHttpHeaders): boolean {
  const version = headers['mcp-protocol-version'];
  if (typeof version === 'string' && isModernVersion(version)) return true;
  const [first] = messages;
  return first !== undefined && first.kind !== 'response' && readModernMeta(first.params).kind !== 'none';
}

function checkModern(
  request: Request,
  { headers, meta }: { headers: IncomingHttpHeaders; meta: ModernMeta },
): SelectedEra {
  const { method, params } = request;
  const { protocolVersion } = meta;
  const named = NAMED_METHODS.get(method);
  if (named !== undefined && typeof params?.[named] !== 'string') {
    throw badRequest(ERROR.invalidParams, `"${named}" must be a string`);
  }
  const mismatch = findHeaderMismatch(headers, { method, params, protocolVersion });
  if (mismatch !== undefined) throw badRequest(ERROR.headerMismatch, `Header mismatch: ${mismatch}`);
  if (protocolVersion !== MODERN_VERSION) throw unsupportedVersion(protocolVersion);
  return { era: 'modern', request, meta };
}

/** An absent header is taken as a version before there was one (2025-11-25, transports, version header). */
function checkLegacyVersion(version: unknown): 'legacy' {
  if (version === undefined || LEGACY_VERSIONS.includes(String(version))) return 'legacy';
  throw unsupportedVersion(version);
}

function unsupportedVersion(requested: unknown): Refusal {
  return new Refusal({
    status: 400,
    reason: 'unsupported-protocol-version',
    code: ERROR.unsupportedVersion,
    message: 'Unsupported protocol version',
    data: { supported: SUPPORTED_VERSIONS, requested: String(requested) },
  });
}

function badRequest(code: number, message: string): Refusal {
  return new Refusal({ status: 400, reason: 'bad-request', code, message });
}
