/** Words of a server, made fit for a terminal: on one line, without the characters that steer it or hide text. */
export function printable(words: string): string {
  return words.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}
