/**
 * The known word that was most likely meant by an unknown one: same but for case and separators, one the beginning of
 * the other, or a few letters away. @returns undefined when nothing is near.
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const wanted = normalise(word.slice(0, WORD_CHARS_MAX));
  if (wanted === '') return undefined;
  const scored = known
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, normalise(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return scored[0]?.candidate;
}

/** Longer words are no mistyped keys. */
const WORD_CHARS_MAX = 40;
/** Letters two words must share at the start to count as an abbreviation. */
const PREFIX_CHARS_MIN = 3;

function normalise(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function distanceOf(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  if (shorter >= PREFIX_CHARS_MIN && (a.startsWith(b) || b.startsWith(a))) return 1;
  return editDistance(a, b);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substituted));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
