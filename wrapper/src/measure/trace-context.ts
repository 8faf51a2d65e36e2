import type { IncomingHttpHeaders } from 'node:http';

/**
 * W3C trace context of a request's headers as keys of `params._meta` (2026-07-28, basic, `_meta`: `traceparent`,
 * `tracestate` and `baggage` without prefix). What `_meta` says itself wins, and a trace state belongs to its parent, so
 * the two are never mixed from both places. What does not keep to the grammar is left out.
 * @returns what is to be added; undefined when there is nothing
 */
export function traceMeta(
  headers: IncomingHttpHeaders,
  meta: Readonly<Record<string, unknown>> | undefined,
): Record<string, string> | undefined {
  const { traceparent, tracestate, baggage } = headers;
  if (traceparent === undefined && baggage === undefined) return undefined;
  const added: Record<string, string> = {};
  if (typeof traceparent === 'string' && meta?.traceparent === undefined && isTraceparent(traceparent)) {
    added.traceparent = traceparent;
    if (typeof tracestate === 'string' && meta?.tracestate === undefined && isTracestate(tracestate)) {
      added.tracestate = tracestate;
    }
  }
  if (typeof baggage === 'string' && meta?.baggage === undefined && isBaggage(baggage)) added.baggage = baggage;
  return Object.keys(added).length > 0 ? added : undefined;
}

/** Trace Context, 3.2: versions after 00 may have more at the end; ff and ids of zeros are invalid. */
export function isTraceparent(value: string): boolean {
  const [, version, trace, parent, rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[\x21-\x7e]{1,256})?$/.exec(value) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return false;
  return trace !== '0'.repeat(32) && parent !== '0'.repeat(16);
}

/** Trace Context, 3.3: at most 32 members with different keys; empty ones are allowed. */
function isTracestate(value: string): boolean {
  const members = value.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const filled = members.filter((member) => member !== '');
  if (filled.length === 0 || members.length > TRACESTATE_MEMBERS_MAX) return false;
  if (!filled.every((member) => TRACESTATE_MEMBER.test(member))) return false;
  return new Set(filled.map((member) => member.split('=', 1)[0])).size === filled.length;
}

/** Baggage, 3.2 and 3.3.2: what must be carried on is 64 members and 8,192 bytes. */
function isBaggage(value: string): boolean {
  if (value.length > BAGGAGE_BYTES_MAX) return false;
  const members = value.split(',');
  return members.length <= BAGGAGE_MEMBERS_MAX && members.every((member) => BAGGAGE_MEMBER.test(member));
}

const TRACESTATE_MEMBERS_MAX = 32;
const TRACESTATE_MEMBER =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const BAGGAGE_BYTES_MAX = 8192;
const BAGGAGE_MEMBERS_MAX = 64;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const OCTETS = '[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*';
const PAIR = `${TOKEN}[ \\t]*=[ \\t]*${OCTETS}`;
const BAGGAGE_MEMBER = new RegExp(`^[ \\t]*${PAIR}(?:[ \\t]*;[ \\t]*(?:${PAIR}|${TOKEN}))*[ \\t]*$`);
