import type { Readable } from 'node:stream';
import { createLineSplitter } from '../images/line-splitter.ts';

/** One byte for the stream, three of nothing, four for the length: "Stream format" of the attach call of the Engine API. */
const HEADER_BYTES = 8;
const STDERR = 2;

/** Splits the one stream in which the engine sends stdout and stderr of a container into lines. Settles at its end. */
export async function readLogFrames(body: Readable, onLine: (line: string) => void): Promise<void> {
  const [out, err] = [createLineSplitter(onLine), createLineSplitter(onLine)];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      (rest[0] === STDERR ? err : out).write(rest.subarray(HEADER_BYTES, end));
      rest = rest.subarray(end);
    }
  }
  out.end();
  err.end();
}
