import { UserError } from '../../domain/user-error.ts';

const REPLACEMENT = '\uFFFD';

/** PostgreSQL's text holds neither NUL nor half of a surrogate pair: both become U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\0', REPLACEMENT).toWellFormed();
}

/** JSON text that jsonb takes: the escapes that it refuses become U+FFFD, in values and keys. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replace(/\\(?:u[0-9a-f]{4}|.)/g, (sequence) =>
    /^\\u(?:0000|d[89a-f])/.test(sequence) ? '\\ufffd' : sequence,
  );
}

/** @throws UserError('text-too-long') when the column has no room for it */
export function boundedText(what: string, text: string, charactersMax: number): string {
  const stored = storableText(text);
  const characters = [...stored].length;
  if (characters <= charactersMax) return stored;
  throw new UserError(
    'text-too-long',
    `Cannot store the ${what}: ${characters} characters, expected at most ${charactersMax}`,
    `Choose a shorter ${what}.`,
  );
}

/** Text that is only shown: its end gives way to `…`. */
export function shortenedText(text: string, charactersMax: number): string {
  const stored = storableText(text);
  if (stored.length <= charactersMax) return stored;
  return `${stored.slice(0, charactersMax - 1).toWellFormed()}…`;
}
