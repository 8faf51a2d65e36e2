import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { followProgress } from '../../sandbox/docker/follow-progress.ts';
import { readLogFrames } from '../../sandbox/docker/read-log-frames.ts';

function frame(stream: number, text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

function inPieces(bytes: Buffer, size: number): Readable {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) pieces.push(bytes.subarray(start, start + size));
  return Readable.from(pieces, { objectMode: false });
}

test.each([1, 3, 8, 1000])('Log lines stay whole in pieces of %d bytes, of stdout and stderr each', async (size) => {
  const bytes = Buffer.concat([frame(1, 'grü'), frame(2, 'oops\nmo'), frame(1, 'ße\n'), frame(2, 're')]);
  const lines: string[] = [];

  await readLogFrames(inPieces(bytes, size), (line) => lines.push(line));

  expect(lines).toEqual(['oops', 'grüße', 'more']);
});

test.each([1, 7, 1000])('Progress in pieces of %d bytes gives lines, image, digest and the end', async (size) => {
  const messages = [
    { stream: 'Step 1/2 : FROM é\n' },
    { stream: ' ---> ' },
    { stream: 'abc\n' },
    { status: 'Pushing', id: '1', progress: '[==>  ]' },
    { status: 'latest: digest: sha256:d' },
    { aux: { ID: 'sha256:i' } },
    { aux: { Tag: 'latest', Digest: 'sha256:d' } },
    { errorDetail: { code: 3, message: 'it broke' }, error: 'it broke' },
  ];
  const lines: string[] = [];

  const outcome = await followProgress(
    inPieces(Buffer.from(messages.map((message) => `${JSON.stringify(message)}\r\n`).join('')), size),
    (line) => lines.push(line),
  );

  expect(outcome).toEqual({ error: 'it broke', exitCode: 3, imageId: 'sha256:i', digest: 'sha256:d' });
  expect(lines).toEqual(['Step 1/2 : FROM é', ' ---> abc', 'latest: digest: sha256:d']);
});
