import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { DISCARD_BYTES_MAX } from '../limits.ts';
import { parseExactly } from '../protocol/exact-json.ts';
import { ERROR, isNestedDeeperThan } from '../protocol/json-rpc.ts';
import type { HttpRequest } from './http-exchange.ts';
import { PlainRequest } from './plain-request.ts';
import { Refusal } from './refusal.ts';

/**
 * The parsed JSON body, at once where it came along with the head.
 * @throws Refusal 413, 415 or 400, or rejects with it
 * @returns undefined when the client went away while sending
 */
export function readJsonBody(
  req: HttpRequest,
  limits: { bodyBytesMax: number; nestingDepthMax: number },
): { value: unknown } | Promise<{ value: unknown } | undefined> {
  checkMediaType(req);
  if (req instanceof PlainRequest) {
    if (req.body.length > limits.bodyBytesMax) throw tooLarge(limits.bodyBytesMax);
    return parseBody(req.body, limits);
  }
  return readBytes(req, limits.bodyBytesMax).then((body) => body && parseBody(body, limits));
}

function parseBody(body: Buffer, { nestingDepthMax }: { nestingDepthMax: number }): { value: unknown } {
  if (!isUtf8(body)) throw parseError('The body is not UTF-8');
  if (isNestedDeeperThan(body, nestingDepthMax)) {
    const message = `The body is nested deeper than ${nestingDepthMax} levels`;
    throw new Refusal({ status: 400, reason: 'bad-request', code: ERROR.invalidRequest, message });
  }
  try {
    return { value: parseExactly(body.toString('utf8')) };
  } catch {
    throw parseError('The body is not JSON');
  }
}

/** A web page can post other types to any address without asking first, so they are refused. */
function checkMediaType(req: HttpRequest): void {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? 'application/json';
  const encoding = req.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (type === 'application/json' && encoding === 'identity') return;
  throw new Refusal({
    status: 415,
    reason: 'unsupported-media-type',
    message: 'The body must be application/json without content encoding',
  });
}

/** A body that is too large is read to its end where that is bearable: answering earlier resets the connection. */
function readBytes(req: IncomingMessage, bodyBytesMax: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = (): void => reject(tooLarge(bodyBytesMax));
    if (Number(req.headers['content-length'] ?? 0) > DISCARD_BYTES_MAX) refuse();
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
      else chunks = [];
      if (bytes > DISCARD_BYTES_MAX) refuse();
    });
    req.on('end', () => (bytes > bodyBytesMax ? refuse() : resolve(Buffer.concat(chunks))));
    req.on('error', () => resolve(undefined));
    req.on('close', () => resolve(undefined));
  });
}

function tooLarge(bodyBytesMax: number): Refusal {
  const message = `The body is larger than ${bodyBytesMax} bytes`;
  return new Refusal({ status: 413, reason: 'body-too-large', message, headers: { connection: 'close' } });
}

function parseError(message: string): Refusal {
  return new Refusal({ status: 400, reason: 'parse-error', code: ERROR.parse, message });
}
