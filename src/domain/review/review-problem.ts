/** One thing wrong in a pull request of the deployments repository, on lines of a file of it. */
export interface ReviewProblem {
  /** From the root of the repository. */
  path: string;
  /** 1-based. */
  line: number;
  endLine: number;
  /** A `warning` does not keep the pull request from being merged. */
  level: 'failure' | 'warning';
  message: string;
}

/** Failures first, then in the order of files and lines; the same thing once. */
export function inReadingOrder(problems: readonly ReviewProblem[]): ReviewProblem[] {
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const key = `${problem.path} ${problem.line} ${problem.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => compare(a.level, b.level) || compare(a.path, b.path) || a.line - b.line);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
