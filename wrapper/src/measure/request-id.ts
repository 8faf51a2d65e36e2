import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isTraceparent } from './trace-context.ts';

/** Tells the ids of this process from those of others and of the one before. */
const PROCESS_ID = randomBytes(6).toString('base64url');
let count = 0;

/**
 * What ties an answer to its log lines: the client's `x-request-id`, else the trace id of its `traceparent`, else one of
 * our own. Ids that could break a log line or fill it are not taken over.
 */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && /^[\w.:+/=-]{1,128}$/.test(given)) return given;
  const { traceparent } = headers;
  if (typeof traceparent === 'string' && isTraceparent(traceparent)) return traceparent.slice(3, 35);
  count += 1;
  return `${PROCESS_ID}-${count.toString(36)}`;
}
