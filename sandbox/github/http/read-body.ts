import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';

/** GitHub takes request bodies of some tens of megabytes; a file in a commit is the largest thing sent here. */
const BODY_BYTES_MAX = 50 * 1024 * 1024;

/** @returns undefined where it is larger than the limit, or broken */
export async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const source = incoming.headers['content-encoding'] === 'gzip' ? incoming.pipe(createGunzip()) : incoming;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
