import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiError, badRequest } from '../store/api-error.ts';

/** The API server's own limit of a request body. */
const bodyBytesMax = 3 * 1024 * 1024;

/** @throws ApiError 413 when it is larger */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyBytesMax}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * @returns the parsed JSON or YAML body, undefined when it is empty
 * @throws ApiError 400, 413, or 415 for protobuf
 */
export async function readObject(request: IncomingMessage): Promise<unknown> {
  const type = contentTypeOf(request);
  if (type.includes('protobuf')) throw new ApiError(415, 'UnsupportedMediaType', 'this API server speaks JSON only');
  const text = (await readBody(request)).toString('utf8');
  if (text.trim() === '') return undefined;
  try {
    return type.endsWith('yaml') ? parse(text, { maxAliasCount: 100 }) : JSON.parse(text);
  } catch (error) {
    throw badRequest(`the object provided cannot be parsed: ${(error as Error).message.slice(0, 200)}`);
  }
}

export function contentTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
