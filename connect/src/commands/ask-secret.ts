import type { CommandContext } from './command-context.ts';

/** Characters of a key. */
const SECRET_CHARACTERS_MAX = 16 * 1024;

/**
 * Asks a person at a terminal, without showing what they type or paste.
 * @returns empty when nobody can be asked, or when nothing was typed
 */
export async function askSecret(
  question: string,
  { input, note }: Pick<CommandContext, 'input' | 'note'>,
): Promise<string> {
  const terminal = input as NodeJS.ReadStream;
  if (!terminal.isTTY) return '';
  note(question);
  terminal.setRawMode(true);
  let typed = '';
  try {
    for await (const chunk of terminal) {
      for (const letter of String(chunk)) {
        if (letter === '\r' || letter === '\n') return typed;
        if (letter === '\u0003' || letter === '\u0004') return '';
        typed =
          letter === '\u007f' || letter === '\b'
            ? typed.slice(0, -1)
            : (typed + letter).slice(0, SECRET_CHARACTERS_MAX);
      }
    }
    return typed;
  } finally {
    terminal.setRawMode(false);
    note('\n');
  }
}

/** All of stdin, as in `printf %s "$KEY" | mcp-connect setup … --key-stdin`. */
export async function readAll(input: NodeJS.ReadableStream, charactersMax = SECRET_CHARACTERS_MAX): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > charactersMax) throw new RangeError(`stdin has more than ${charactersMax} characters`);
  }
  return text;
}
