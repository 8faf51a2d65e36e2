import { expect, test } from '@jest/globals';
import { LineDecoder } from '../src/bridge/line-decoder.ts';

const LINE_BYTES_MAX = 40;

/** The lines, and the outlines of those that are too long, from chunks of so many bytes. */
function decode(text: string, chunkBytes: number): { lines: string[]; outlines: string[] } {
  const lines: string[] = [];
  const outlines: string[] = [];
  const decoder = new LineDecoder({
    lineBytesMax: LINE_BYTES_MAX,
    onLine: (line) => lines.push(line),
    onOversized: (outline) => outlines.push(outline),
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) decoder.push(bytes.subarray(at, at + chunkBytes));
  decoder.end();
  return { lines, outlines };
}

const LONG = 'é'.repeat(LINE_BYTES_MAX);

test.each([
  ['a request', { jsonrpc: '2.0', id: 1, method: 'm', params: { id: 2, a: [{ b: LONG }] } }],
  ['a request with its id at the end', { method: 'm', params: { text: `"}]\\" ${LONG}` }, jsonrpc: '2.0', id: 'é"' }],
  ['an answer', { result: { content: [LONG, {}] }, jsonrpc: '2.0', id: 7 }],
])('of %s that is too long its top is left, and the lines around it stay', (_name, message) => {
  for (const chunkBytes of [1, 3, 1_000]) {
    const { lines, outlines } = decode(`{"a":1}\n${JSON.stringify(message)}\r\n[2]`, chunkBytes);

    expect(lines).toEqual(['{"a":1}', '[2]']);
    const top = Object.entries(message).map(([key, value]) => [key, typeof value === 'object' ? 0 : value]);
    expect(outlines.map((outline) => JSON.parse(outline))).toEqual([Object.fromEntries(top)]);
  }
});

test('of a line that is no message nothing but a little is kept', () => {
  const { lines, outlines } = decode(`${'x'.repeat(10_000)}\n{}`, 100);

  expect(lines).toEqual(['{}']);
  expect(outlines[0]?.length).toBeLessThan(5_000);
});
