/** What is kept of a log's end: more than twenty lines of 500 characters. */
const TAIL_BYTES = 64 * 1024;

/** A log that is longer is read no further: its end is not worth more. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

const LOG_TIMEOUT_MS = 15_000;

/** @returns the last 64 KiB of the text at the address, read as a stream and without credentials */
export async function readLogTail(address: string): Promise<string> {
  const response = await fetch(address, { signal: AbortSignal.timeout(LOG_TIMEOUT_MS) });
  if (!response.ok || !response.body) throw new Error(`Cannot read the log: its storage answered ${response.status}`);
  let tail = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of response.body) {
    read += chunk.byteLength;
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
    if (read > LOG_BYTES_MAX) break;
  }
  return tail.toString('utf8');
}
