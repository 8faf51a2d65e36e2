import { MESSAGE_CHARACTERS_MAX, WORD_CHARACTERS_MAX } from './cluster-limits.ts';

/** A message of the cluster, cut and without control characters except line breaks and tabs. */
export function boundedMessage(text: string): string {
  return cut(text.replace(/(?![\n\t])\p{Cc}/gu, ''), MESSAGE_CHARACTERS_MAX);
}

/** A name or state of the cluster: one line. */
export function boundedWord(text: string): string {
  return cut(text.replace(/\p{Cc}/gu, ' '), WORD_CHARACTERS_MAX);
}

function cut(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text;
}
