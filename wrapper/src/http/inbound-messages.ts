import { classifyMessage, ERROR, type Message } from '../protocol/json-rpc.ts';
import type { HttpRequest } from './http-exchange.ts';
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

/** What a client takes as an answer. */
export interface Accept {
  takesJson: boolean;
  takesEvents: boolean;
}

const ALL: Accept = { takesJson: true, takesEvents: true };

/** @throws Refusal 406 when the client takes neither JSON nor event streams */
export function parseAccept(req: HttpRequest): Accept {
  const accept = req.headers.accept;
  if (accept === undefined || accept === 'application/json, text/event-stream') return ALL;
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
