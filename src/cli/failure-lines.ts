import { plainLine } from '../domain/reports/escape-markdown.ts';
import type { RolloutFailure } from '../domain/rollout.ts';

/** What fits on a screen together with the stages; the page behind the address has all. */
const LINES_MAX = 12;
const LINE_CHARS_MAX = 300;

/** The last log lines of what failed, and where the rest is; none where there is neither. */
export function failureLines({ log = [], url }: Pick<RolloutFailure, 'log' | 'url'>): string[] {
  const lines = log.slice(-LINES_MAX).map((line) => `   ${plainLine(line, LINE_CHARS_MAX)}`);
  return [...lines, ...(url ? [`   The whole of it: ${plainLine(url, LINE_CHARS_MAX)}`] : [])];
}
