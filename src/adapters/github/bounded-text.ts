/** Text cut to a number of characters, its end marked where something was cut. */
export function boundedText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return `${withoutHalfPair(text.slice(0, charactersMax - 1))}…`;
}

/** A cut may not leave half of a surrogate pair: it is not valid UTF-8 and GitHub answers 400. */
function withoutHalfPair(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
