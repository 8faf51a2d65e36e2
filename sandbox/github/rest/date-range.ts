/**
 * Whether a time lies in a range of GitHub's search syntax: `>=2026-01-01T00:00:00Z`, `<…`, `from..to` (either may be
 * `*`), or one day.
 */
export function inRange(time: string, range: string): boolean {
  const at = Date.parse(time);
  const between = /^(.+)\.\.(.+)$/.exec(range);
  if (between) return at >= parseEnd(between[1], Number.NEGATIVE_INFINITY) && at <= parseEnd(between[2], Infinity);
  const [, operator = '', text = ''] = /^(>=|<=|>|<)?(.*)$/.exec(range) ?? [];
  const end = Date.parse(text);
  switch (operator) {
    case '>=':
      return at >= end;
    case '<=':
      return at <= end;
    case '>':
      return at > end;
    case '<':
      return at < end;
    default:
      return time.startsWith(text);
  }
}

function parseEnd(text: string | undefined, open: number): number {
  return text === undefined || text === '*' ? open : Date.parse(text);
}
