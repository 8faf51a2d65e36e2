/** Unchanged lines shown around a change. */
const CONTEXT_LINES = 3;

/**
 * What an edit changes, as `diff -u` would show it. Edits here touch one place, so what lies between the common
 * beginning and the common end is shown as one change.
 */
export function renderDiff({ path, before, after }: { path: string; before: string; after: string }): string {
  if (before === after) return '';
  const old = linesOf(before);
  const next = linesOf(after);
  const start = countEqual(old, next);
  const end = Math.min(countEqual([...old].reverse(), [...next].reverse()), Math.min(old.length, next.length) - start);
  const first = Math.max(0, start - CONTEXT_LINES);
  const last = Math.min(CONTEXT_LINES, end);
  const oldCount = old.length - end + last - first;
  const nextCount = next.length - end + last - first;
  return [
    `--- ${path}`,
    `+++ ${path}`,
    `@@ -${first + 1},${oldCount} +${first + 1},${nextCount} @@`,
    ...old.slice(first, start).map((line) => ` ${line}`),
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...next.slice(start, next.length - end).map((line) => `+${line}`),
    ...next.slice(next.length - end, next.length - end + last).map((line) => ` ${line}`),
    '',
  ].join('\n');
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function countEqual(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count += 1;
  return count;
}
