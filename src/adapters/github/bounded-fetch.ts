import { RESPONSE_BYTES_MAX } from './github-limits.ts';

const STATUS_WITHOUT_BODY: readonly number[] = [101, 204, 205, 304];

/**
 * `fetch` that ends after `timeoutMs`, body included, and reads the body to its end before it returns: Octokit takes a
 * cut body for an empty one, whereas here it is an error of the request. At most 32 MiB are read.
 */
export function createBoundedFetch(timeoutMs: number): typeof fetch {
  return async function boundedFetch(input, init) {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    const response = await fetch(input, { ...init, signal });
    if (!response.body || STATUS_WITHOUT_BODY.includes(response.status)) return response;
    const bytes = await readAtMost(response.body, RESPONSE_BYTES_MAX);
    return new Response(bytes, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

async function readAtMost(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new Error(`Cannot read GitHub's answer: over ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
