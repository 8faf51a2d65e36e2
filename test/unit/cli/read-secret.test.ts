import { PassThrough, Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { readSecret } from '../../../src/cli/read-secret.ts';

/** A terminal as far as it is used; raw mode is remembered. */
function fakeTerminal(...typed: string[]) {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (mode: boolean) => modes.push(mode) });
  for (const part of typed) input.write(part);
  const output = new PassThrough();
  const shown = () => String(output.read() ?? '');
  return { input, output, modes, shown };
}

test.each([
  ['a line', ['value\r'], 'value'],
  ['letters one by one', ['v', 'a', 'é', '\n'], 'vaé'],
  ['a mended one', ['vax\u007f\u007flue\r'], 'vlue'],
  ['a paste with its line end', ['value\r\n'], 'value'],
  ['nothing', ['\r'], ''],
])('a typed secret: %s is not shown', async (_, typed, expected) => {
  const { input, output, modes, shown } = fakeTerminal(...typed);

  await expect(readSecret('Value: ', { input, output })).resolves.toBe(expected);

  expect(shown()).toBe('Value: \n');
  expect(modes).toEqual([true, false]);
});

test.each([
  ['several lines', ['-----BEGIN\rMII\r-----END\r'], 'several lines were pasted'],
  ['Ctrl-C', ['val\u0003'], 'no value was given'],
])('a typed secret: %s end it, and the terminal is put back', async (_, typed, message) => {
  const { input, output, modes } = fakeTerminal(...typed);

  await expect(readSecret('Value: ', { input, output })).rejects.toThrow(message);

  expect(modes).toEqual([true, false]);
});

test.each([
  ['value\n', 'value'],
  ['value\r\n', 'value'],
  ['two\nlines\n\n', 'two\nlines\n'],
  [' kept ', ' kept '],
  ['\ufeffmark', '\ufeffmark'],
  ['', ''],
])('a piped secret: %j loses one line end at most', async (piped, expected) => {
  const input = Readable.from([Buffer.from(piped)]);

  await expect(readSecret('Value: ', { input, output: new PassThrough() })).resolves.toBe(expected);
});

test('a piped secret: letters are put together across chunks, and what is no text is refused', async () => {
  const bytes = Buffer.from('größe');
  const halves = Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]);
  const output = new PassThrough();

  await expect(readSecret('', { input: halves, output })).resolves.toBe('größe');
  const binary = readSecret('', { input: Readable.from([Buffer.from([0x63, 0xff, 0xfe])]), output });
  await expect(binary).rejects.toMatchObject({ code: 'usage-invalid' });
  const large = Readable.from([Buffer.alloc(1024 * 1024), Buffer.alloc(1)]);
  await expect(readSecret('', { input: large, output })).rejects.toMatchObject({ code: 'usage-invalid' });
});
