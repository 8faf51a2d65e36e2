import { STRAY_OUTPUT_CHARACTERS_MAX } from '../limits.ts';
import type { Log } from '../measure/log.ts';
import { parseExactly } from '../protocol/exact-json.ts';
import {
  classifyMessage,
  ERROR,
  isObject,
  type Notification,
  type Request,
  type RequestId,
  type Response,
  type ResponseBody,
} from '../protocol/json-rpc.ts';
import type { OversizedLine } from './line-decoder.ts';

/** What a child says. */
export interface ChildOutputEvents {
  response(response: Response): void;
  request(request: Request): void;
  oversizedResponse(id: number | undefined, bytes: number): void;
  notification(notification: Notification): void;
}

/** Takes the lines of a child's stdout apart. What is no message is logged; what is meant as an answer ends its call. */
export class ChildOutput {
  readonly #events: ChildOutputEvents;
  readonly #log: Log;

  constructor(events: ChildOutputEvents, log: Log) {
    this.#events = events;
    this.#log = log;
  }

  receive(text: string): void {
    let value: unknown;
    try {
      value = parseExactly(text);
    } catch {
      return this.#reportStray(text);
    }
    if (!Array.isArray(value)) return this.#act(value, text);
    // A server of 2025-03-26 may batch what it has to say.
    for (const one of value) this.#act(one, text);
  }

  receiveOversized(line: OversizedLine): void {
    const id = /^\{"jsonrpc":"2\.0","id":(\d+),/.exec(line.head) ?? /,"id":(\d+)\}$/.exec(line.tail);
    this.#log.error('Line of the child dropped: too long', { bytes: line.bytes });
    this.#events.oversizedResponse(id ? Number(id[1]) : undefined, line.bytes);
  }

  #act(value: unknown, text: string): void {
    const message = classifyMessage(value);
    switch (message.kind) {
      case 'response':
        return this.#events.response({ ...message, body: checkBody(message.body) });
      case 'notification':
        return this.#events.notification(message);
      case 'request':
        return this.#events.request(message);
      case 'invalid':
        this.#reportStray(text);
        if (message.id !== null && isObject(value) && !('method' in value)) this.#endCall(message.id);
    }
  }

  #endCall(id: RequestId): void {
    this.#events.response({ kind: 'response', id, body: malformed('a message that is no JSON-RPC 2.0 response') });
  }

  #reportStray(text: string): void {
    this.#log.warn('Child wrote something other than JSON-RPC to stdout', {
      text: text.slice(0, STRAY_OUTPUT_CHARACTERS_MAX),
    });
  }
}

/** Clients drop an answer whose parts have other types (2025-11-25, basic, responses), and wait on. */
function checkBody(body: ResponseBody): ResponseBody {
  if ('result' in body) return isObject(body.result) ? body : malformed('a result that is no object');
  const { error } = body;
  const isSound = isObject(error) && Number.isInteger(error.code) && typeof error.message === 'string';
  return isSound ? body : malformed('an error without code or message', error);
}

function malformed(what: string, error?: unknown): ResponseBody {
  const data = { reason: 'malformed-answer', ...(error !== undefined && { error }) };
  return { error: { code: ERROR.internal, message: `The MCP server answered with ${what}`, data } };
}
