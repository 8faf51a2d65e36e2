import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineDecoder, type OversizedLine } from '../src/child/line-decoder.ts';

function decode(chunks: Buffer[], lineBytesMax = 1_000_000): { lines: string[]; oversized: OversizedLine[] } {
  const lines: string[] = [];
  const oversized: OversizedLine[] = [];
  const decoder = new LineDecoder(lineBytesMax, {
    line: (text) => lines.push(text),
    oversized: (line) => oversized.push(line),
  });
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return { lines, oversized };
}

test('line decoder gives the same lines however the bytes are cut', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((line) => line.trim() === line && !/[\r\n]/.test(line));
  fc.assert(
    fc.property(fc.array(text.filter((line) => line !== '')), fc.array(fc.nat(50)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      expect(decode([...chunks, bytes.subarray(at)]).lines).toEqual(lines);
    }),
  );
});

test('line decoder passes over empty lines and takes \\r\\n and a last line without end', () => {
  expect(decode([Buffer.from('\n\r\n a \r\nb')]).lines).toEqual(['a', 'b']);
});

test('line decoder drops a line above the limit, keeps its ends, and goes on with the next', () => {
  const chunks = ['{"id":1,', 'x'.repeat(5000), '"id":2}\nnext\n'].map((part) => Buffer.from(part));

  const { lines, oversized } = decode(chunks, 1000);

  expect(lines).toEqual(['next']);
  expect(oversized).toHaveLength(1);
  expect(oversized[0]?.bytes).toBe(5015);
  expect(oversized[0]?.head.startsWith('{"id":1,')).toBe(true);
  expect(oversized[0]?.tail.endsWith('"id":2}')).toBe(true);
});
