import type { Writable } from 'node:stream';
import { UserError } from '../domain/user-error.ts';

/** More than any environment takes. */
const BYTES_MAX = 1024 * 1024;

const BACKSPACE = ['\u007f', '\b'];
const [ENTER, INTERRUPT, END] = [['\r', '\n'], '\u0003', '\u0004'];

/** What a person types or pastes at a terminal, unshown, or all of a pipe but the line end that `echo` adds. */
export async function readSecret(
  question: string,
  { input, output }: { input: NodeJS.ReadableStream; output: Writable },
): Promise<string> {
  const terminal = input as NodeJS.ReadStream;
  return terminal.isTTY ? readTyped(question, terminal, output) : readPiped(input);
}

/** @throws UserError usage-invalid for several lines: all but the first would be lost */
async function readTyped(question: string, terminal: NodeJS.ReadStream, output: Writable): Promise<string> {
  output.write(question);
  terminal.setEncoding('utf8');
  terminal.setRawMode(true);
  let typed = '';
  try {
    for await (const chunk of terminal) {
      const letters = [...String(chunk)];
      for (const [index, letter] of letters.entries()) {
        if (ENTER.includes(letter)) {
          if (letters.slice(index + 1).some((rest) => !ENTER.includes(rest))) throw severalLines();
          return typed;
        }
        if (letter === INTERRUPT) throw notGiven();
        if (letter === END) return typed;
        typed = BACKSPACE.includes(letter) ? [...typed].slice(0, -1).join('') : typed + letter;
      }
    }
    return typed;
  } finally {
    terminal.setRawMode(false);
    terminal.pause();
    output.write('\n');
  }
}

async function readPiped(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const part = Buffer.from(chunk as Buffer);
    bytes += part.length;
    if (bytes > BYTES_MAX) throw tooLong();
    chunks.push(part);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(Buffer.concat(chunks))
      .replace(/\r?\n$/, '');
  } catch {
    throw new UserError(
      'usage-invalid',
      'Cannot read the value: stdin is not UTF-8, expected text',
      'Encode it, by base64 for instance, and decode it in the server.',
    );
  }
}

function severalLines(): UserError {
  return new UserError(
    'usage-invalid',
    'Cannot read the value: several lines were pasted, expected one',
    'Give it by stdin instead: mcp-hosting secrets set ID NAME < FILE',
  );
}

function notGiven(): UserError {
  return new UserError('not-confirmed', 'Cannot go on: no value was given, expected one', 'Nothing was done.');
}

function tooLong(): UserError {
  return new UserError(
    'usage-invalid',
    `Cannot read the value: stdin has more than ${BYTES_MAX} bytes, expected fewer`,
    'Large files belong into a store that the server reads.',
  );
}
