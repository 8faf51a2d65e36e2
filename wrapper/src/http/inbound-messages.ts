import type { IncomingMessage } from 'node:http';
import { classifyMessage, ERROR, isObject, type Message } from '../protocol/json-rpc.ts';
import { isModernVersion, LEGACY_VERSIONS, VERSION_META_KEY } from '../protocol/protocol-version.ts';
import type { Session } from '../sessions/session.ts';
import { Refusal } from './refusal.ts';

export interface InboundMessages {
  messages: Exclude<Message, { kind: 'invalid' }>[];
  isBatch: boolean;
}

/**
 * The messages of one POST. Batches belong to protocol 2025-03-26; they are taken from everyone, with a limit.
 * @throws Refusal 400; one bad message refuses its whole batch, before any of it is acted on
 */
export function parseMessages(body: unknown, batchMessagesMax: number): InboundMessages {
  const isBatch = Array.isArray(body);
  const values: unknown[] = isBatch ? body : [body];
  if (values.length === 0) throw badRequest('A batch must hold at least one message');
  if (values.length > batchMessagesMax) throw badRequest(`A batch may hold ${batchMessagesMax} messages`);
  const messages: InboundMessages['messages'] = [];
  for (const value of values) {
    const message = classifyMessage(value);
    if (message.kind === 'invalid') throw badRequest(`Not a JSON-RPC 2.0 message of MCP: ${message.problem}`);
    messages.push(message);
  }
  return { messages, isBatch };
}

/**
 * Requests of 2026-07-28 carry their version themselves. This wrapper speaks the revisions before it and says so with
 * the error by which clients that know both fall back to `initialize`. With a session they have done so already; some
 * go on to send the newer version in the header or `_meta`, which is let pass.
 * @throws Refusal 400 with the supported versions (2026-07-28, basic, -32022; 2025-11-25, transports, version header)
 */
export function checkProtocolVersion(
  req: IncomingMessage,
  { messages, session }: { messages: InboundMessages['messages']; session: Session | undefined },
): void {
  const header = req.headers['mcp-protocol-version'];
  if (typeof header === 'string' && !LEGACY_VERSIONS.includes(header) && !(session && isModernVersion(header))) {
    throw unsupportedVersion(header);
  }
  if (session) return;
  for (const message of messages) {
    if (message.kind === 'response') continue;
    const meta = message.params?._meta;
    const version = isObject(meta) ? meta[VERSION_META_KEY] : undefined;
    if (typeof version === 'string' && isModernVersion(version)) throw unsupportedVersion(version);
    if (message.method === 'server/discover') throw unsupportedVersion(typeof version === 'string' ? version : header);
  }
}

/** @throws Refusal 406 when the client takes neither JSON nor event streams */
export function parseAccept(req: IncomingMessage): { takesJson: boolean; takesEvents: boolean } {
  const accept = req.headers.accept ?? 'application/json, text/event-stream';
  const types = accept.split(',').map((range) => range.split(';')[0]?.trim().toLowerCase());
  const takesJson = types.some((type) => type === 'application/json' || type === 'application/*' || type === '*/*');
  const takesEvents = types.some((type) => type === 'text/event-stream' || type === 'text/*');
  if (takesJson || takesEvents) return { takesJson, takesEvents };
  throw new Refusal({
    status: 406,
    reason: 'not-acceptable',
    message: 'This MCP endpoint answers with application/json or text/event-stream',
  });
}

function badRequest(message: string): Refusal {
  return new Refusal({ status: 400, reason: 'bad-request', code: ERROR.invalidRequest, message });
}

function unsupportedVersion(requested: unknown): Refusal {
  return new Refusal({
    status: 400,
    reason: 'unsupported-protocol-version',
    code: ERROR.unsupportedVersion,
    message: 'Unsupported protocol version',
    data: { supported: LEGACY_VERSIONS, ...(typeof requested === 'string' && { requested }) },
  });
}
