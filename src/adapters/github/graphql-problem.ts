import { boundedText } from './bounded-text.ts';
import { QUOTED_MESSAGE_CHARACTERS_MAX } from './github-limits.ts';

/** One entry of `errors` in a GraphQL answer of GitHub. `type` is GitHub's own field, outside the GraphQL standard. */
export interface GraphqlProblem {
  type?: string;
  path?: (string | number)[];
  message: string;
  extensions?: { code?: string };
}

/**
 * `busy`: a limit or an outage, try again later. `forbidden`: a permission. `gone`: the subject is not there.
 * `refused`: GitHub's rules say no to this very change (an outdated head, an existing name, a locked issue).
 * `invalid`: the document itself, which is a bug.
 */
export type ProblemKind = 'busy' | 'forbidden' | 'gone' | 'refused' | 'invalid';

const BUSY_TYPES: readonly string[] = ['RATE_LIMITED', 'MAX_NODE_LIMIT_EXCEEDED', 'SERVICE_UNAVAILABLE', 'INTERNAL'];
const FORBIDDEN_TYPES: readonly string[] = ['FORBIDDEN', 'INSUFFICIENT_SCOPES'];

export function kindOfProblem(problem: GraphqlProblem): ProblemKind {
  if (problem.type === undefined) return problem.extensions?.code ? 'invalid' : 'busy';
  if (BUSY_TYPES.includes(problem.type) || speaksOfLimit(problem.message)) return 'busy';
  if (FORBIDDEN_TYPES.includes(problem.type)) return 'forbidden';
  return problem.type === 'NOT_FOUND' ? 'gone' : 'refused';
}

/** The problems of one aliased field of the document. */
export function problemsOf(problems: readonly GraphqlProblem[], alias: string): GraphqlProblem[] {
  return problems.filter((problem) => problem.path?.[0] === alias);
}

/** What GitHub said, bounded, for an error or a log line. */
export function quoteProblems(problems: readonly GraphqlProblem[]): string {
  return boundedText(problems.map((problem) => problem.message).join('; '), QUOTED_MESSAGE_CHARACTERS_MAX);
}

/**
 * GitHub reports the content-creation limit as UNPROCESSABLE ("was submitted too quickly") and some secondary limits as
 * 403 without a header, so that their text is the only sign there is.
 */
export function speaksOfLimit(message: string): boolean {
  return /submitted too quickly|secondary rate limit|abuse detection|API rate limit exceeded/i.test(message);
}
