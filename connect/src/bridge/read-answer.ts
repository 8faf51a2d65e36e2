import { decodeContent } from '../http/decode-content.ts';
import type { HttpResponse } from '../http/http-response.ts';
import { withCode } from '../http/system-error.ts';
import { EventDecoder } from './event-decoder.ts';
import { parseExactly } from './exact-json.ts';
import { isObject } from './json-rpc.ts';
import {
  ANSWER_BYTES_MAX,
  BODY_TIMEOUT_MS,
  ERROR_BODY_BYTES_MAX,
  ERROR_BODY_TIMEOUT_MS,
  KEEP_ALIVE_SILENCE_MS,
} from './limits.ts';
import { RemoteError, type RpcError } from './remote-failure.ts';

/** How the body of an answer ended. */
export interface AnswerEnd {
  /** The pause in ms that an event stream asked for before reconnecting. */
  retryMs: number | undefined;
  lastEventId: string | undefined;
}

export function mediaType(res: HttpResponse): string {
  return res.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/**
 * Hands every JSON value of a 200 answer to `onValue`, a batch one by one. A stream that is cut ends like any other:
 * whoever waits for an answer sees that none has come.
 * @param bodyTimeoutMs for all of a body that is no stream
 * @throws RemoteError bad-answer; the system's error when a plain body broke
 */
export async function readAnswer(
  res: HttpResponse,
  onValue: (value: unknown) => void,
  bodyTimeoutMs = BODY_TIMEOUT_MS,
): Promise<AnswerEnd> {
  const type = mediaType(res);
  if (type === 'text/event-stream') return await readEvents(res, onValue);
  if (type !== 'application/json') throw await failureOf(res);
  const value = parse(await readText(res, ANSWER_BYTES_MAX, bodyTimeoutMs));
  for (const one of Array.isArray(value) ? value : [value]) onValue(one);
  return { retryMs: undefined, lastEventId: undefined };
}

/** What an answer that is not 200 says: the JSON-RPC error in it, if there is one, and how to explain it otherwise. */
export async function failureOf(res: HttpResponse, bodyTimeoutMs = ERROR_BODY_TIMEOUT_MS): Promise<RemoteError> {
  const text = await readText(res, ERROR_BODY_BYTES_MAX, bodyTimeoutMs).catch(() => '');
  const rpcError = findRpcError(text);
  return new RemoteError({
    kind: 'http',
    status: res.status,
    contentType: mediaType(res),
    retryAfter: res.headers.get('retry-after'),
    location: res.headers.get('location'),
    wwwAuthenticate: res.headers.get('www-authenticate'),
    detail: typeof rpcError?.message === 'string' ? rpcError.message : '',
    rpcError,
  });
}

async function readEvents(res: HttpResponse, onValue: (value: unknown) => void): Promise<AnswerEnd> {
  const events = new EventDecoder((data) => onValue(parse(data)), tooLarge);
  let hasKeepAlives = false;
  try {
    await decodeContent(res, (chunk) => {
      events.push(chunk);
      if (!events.hasKeepAlives || hasKeepAlives) return;
      hasKeepAlives = true;
      res.limitSilence(KEEP_ALIVE_SILENCE_MS);
    });
  } catch (error) {
    if (error instanceof RemoteError) throw error;
  }
  return { retryMs: events.retryMs, lastEventId: events.lastEventId };
}

/** @throws RemoteError bad-answer, the system's error */
async function readText(res: HttpResponse, bytesMax: number, timeoutMs: number): Promise<string> {
  if (Number(res.headers.get('content-length')) > bytesMax) tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => res.destroy(withCode('ETIMEDOUT')), timeoutMs);
  try {
    await decodeContent(res, (chunk) => {
      bytes += chunk.length;
      if (bytes > bytesMax) tooLarge();
      chunks.push(chunk);
    });
  } finally {
    clearTimeout(timer);
  }
  const [only] = chunks;
  return (chunks.length === 1 && only ? only : Buffer.concat(chunks)).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    throw new RemoteError({ kind: 'bad-answer', detail: 'it is not JSON' });
  }
}

function tooLarge(): never {
  throw new RemoteError({ kind: 'bad-answer', detail: `it is larger than ${ANSWER_BYTES_MAX} bytes` });
}

function findRpcError(text: string): RpcError | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const error = isObject(value) ? value.error : undefined;
    if (isObject(error) && typeof error.code === 'number') {
      return { ...error, code: error.code, message: typeof error.message === 'string' ? error.message : '' };
    }
  } catch {
    // Not JSON: the status has to say it all.
  }
  return undefined;
}
