import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiError, badRequest } from '../store/api-error.ts';
import { decodeProtobuf } from './decode-protobuf.ts';

/** The API server's own limit of a request body. */
const bodyBytesMax = 3 * 1024 * 1024;

/** @throws ApiError 413 when it is larger */
async function readBody(request: IncomingMessage): Promise<Buffer> {
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
 * @returns the parsed body (JSON, YAML, or a small part of Kubernetes' protobuf), undefined when it is empty
 * @throws ApiError 400, 413, or 415 for other kinds in protobuf
 */
export async function readObject(request: IncomingMessage): Promise<unknown> {
  const type = contentTypeOf(request);
  const body = await readBody(request);
  if (type === 'application/vnd.kubernetes.protobuf') return body.length === 0 ? undefined : decodeProtobuf(body);
  const text = body.toString('utf8');
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
