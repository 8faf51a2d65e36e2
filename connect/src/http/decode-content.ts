import type { HttpResponse } from './http-response.ts';

/**
 * Reads a body that is compressed although nobody asked for that, as some proxies send it, like any other.
 * @param onChunk what it throws ends the reading, and is thrown here
 * @throws the system's error when the body was cut, zlib's when it is broken
 */
export async function decodeContent(res: HttpResponse, onChunk: (chunk: Buffer) => void): Promise<void> {
  const encoding = res.headers.get('content-encoding')?.toLowerCase();
  if (encoding === undefined || encoding === 'identity' || encoding === '') return await res.read(onChunk);
  const { createBrotliDecompress, createUnzip } = await import('node:zlib');
  const decoder = encoding === 'br' ? createBrotliDecompress() : createUnzip();
  const decoded = new Promise<void>((resolve, reject) => {
    decoder.on('error', reject);
    decoder.on('end', resolve);
    decoder.on('data', (chunk: Buffer) => {
      try {
        onChunk(chunk);
      } catch (error) {
        decoder.destroy(error as Error);
      }
    });
  });
  const read = res
    .read((chunk) => decoder.write(chunk))
    .then(
      () => decoder.end(),
      (error: Error) => decoder.destroy(error),
    );
  await Promise.all([decoded, read]).catch((error: unknown) => {
    res.destroy();
    throw error;
  });
}
