/**
 * What came after `seen` in `now`, both being last lines of one log: the longest end of `seen` that `now` begins with
 * is known. Where they have nothing in common all of `now` is new.
 */
export function newLines(seen: readonly string[], now: readonly string[]): readonly string[] {
  for (let start = 0; start < seen.length; start++) {
    const known = seen.length - start;
    if (known <= now.length && startsWithEnd(seen, now, start)) return now.slice(known);
  }
  return now;
}

function startsWithEnd(seen: readonly string[], now: readonly string[], start: number): boolean {
  for (let index = start; index < seen.length; index++) {
    if (seen[index] !== now[index - start]) return false;
  }
  return true;
}
