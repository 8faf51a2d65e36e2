/**
 * go-yaml's key order, in which `k2` comes before `k10`: at the first difference a letter comes after any other
 * character, and other characters compare as the numbers that begin there. It is no total order (`k1h` < `k9` < `k19` <
 * `k1h`), so go-yaml's own output varies for such keys; none of ours are.
 */
export function compareYamlKeys(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at < 0) return left.length - right.length;
  const [x, y] = [left[at] ?? '', right[at]];
  if (y === undefined) return 1;
  const [xLetter, yLetter] = [/\p{L}/u.test(x), /\p{L}/u.test(y)];
  if (xLetter !== yLetter) return xLetter ? 1 : -1;
  if (!xLetter) {
    const [m, n] = [digitsAt(left, at), digitsAt(right, at)];
    // A zero within a number keeps its place: 100 is more than 11, although 00 is less than 1.
    const lead = (x === '0' || y === '0') && /[1-9][0-9]*$/.test(left.slice(0, at).join('')) ? '1' : '';
    const difference = Number(`${lead}${m}`) - Number(`${lead}${n}`) || m.length - n.length;
    if (difference !== 0) return difference;
  }
  return (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
}

function digitsAt(characters: string[], at: number): string {
  return /^[0-9]*/.exec(characters.slice(at).join(''))?.[0] ?? '';
}
