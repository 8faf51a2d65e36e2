import { UserError } from '../../domain/user-error.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { boundedText } from './bounded-text.ts';
import { LIMIT_WAIT_MS, LIMIT_WAIT_MS_MAX, OUTAGE_WAIT_MS, QUOTED_MESSAGE_CHARACTERS_MAX } from './github-limits.ts';
import { type GraphqlProblem, kindOfProblem, quoteProblems, speaksOfLimit } from './graphql-problem.ts';

type Headers = Record<string, string | number | undefined>;

/** An Octokit `RequestError`, known by its shape: several copies of its class may be installed. */
export interface FailedRequest extends Error {
  status: number;
  response?: { headers: Headers; data?: unknown };
}

export function isFailedRequest(error: unknown): error is FailedRequest {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}

/**
 * What a failed call of GitHub means to the bot.
 * @param action what was tried, as in `read "acme/hello"`; it completes the sentence `Cannot …`
 * @returns RetryLaterError for an outage, a timeout or a limit; UserError for 401, 403 and 404; else the error itself
 */
export function mapGitHubError(error: unknown, action: string, now = Date.now()): Error {
  if (error instanceof UserError || error instanceof RetryLaterError) return error;
  if (!isFailedRequest(error)) {
    return isInterrupted(error)
      ? new RetryLaterError(`Cannot ${action}: no answer from GitHub`, OUTAGE_WAIT_MS, { cause: error })
      : error instanceof Error
        ? error
        : new Error(`Cannot ${action}`, { cause: error });
  }
  const headers = error.response?.headers ?? {};
  if (error.status >= 500) {
    const wait = retryAfterMs(headers) ?? OUTAGE_WAIT_MS;
    // Octokit gives a request that never arrived the status 500.
    const found = error.response ? `GitHub answered ${error.status}` : 'no answer from GitHub';
    return new RetryLaterError(`Cannot ${action}: ${found}`, wait, { cause: error });
  }
  if (isLimit(error, headers)) {
    return new RetryLaterError(`Cannot ${action}: GitHub's limit is reached`, limitWaitMs(headers, now), {
      cause: error,
    });
  }
  return mapRefusal(error, action);
}

/** What a GraphQL answer without data means, or one whose problems no caller can handle. */
export function mapGraphqlProblems(
  problems: readonly GraphqlProblem[],
  action: string,
  headers: Headers = {},
  now = Date.now(),
): Error {
  const kinds = problems.map(kindOfProblem);
  if (kinds.includes('busy')) {
    const limited = problems.some((problem) => problem.type === 'RATE_LIMITED' || speaksOfLimit(problem.message));
    const wait = limited ? limitWaitMs(headers, now) : (retryAfterMs(headers) ?? OUTAGE_WAIT_MS);
    return new RetryLaterError(`Cannot ${action}: ${quoteProblems(problems)}`, wait);
  }
  if (kinds.includes('forbidden')) return forbidden(action, quoteProblems(problems));
  if (kinds.includes('gone')) return notFound(action);
  return new Error(`Cannot ${action}: GitHub refused the GraphQL document: ${quoteProblems(problems)}`);
}

function mapRefusal(error: FailedRequest, action: string): Error {
  switch (error.status) {
    case 401:
      return new UserError(
        'github-unauthorized',
        `Cannot ${action}: GitHub does not accept the App's credentials, expected a valid App id and private key`,
        'Check APP_ID and PRIVATE_KEY and the clock of the machine that the bot runs on.',
        { cause: error },
      );
    case 403:
      return forbidden(action, boundedText(error.message, QUOTED_MESSAGE_CHARACTERS_MAX), error);
    case 404:
      return notFound(action, error);
    default:
      return error;
  }
}

function forbidden(action: string, quoted: string, cause?: Error): UserError {
  return new UserError(
    'github-forbidden',
    `Cannot ${action}: GitHub refuses it (${quoted}), expected the App to have the permission`,
    "Accept the App's newest permissions in the installation's settings on GitHub, and check the branch rules, and that the repository is not archived.",
    cause ? { cause } : undefined,
  );
}

function notFound(action: string, cause?: Error): UserError {
  return new UserError(
    'github-not-found',
    `Cannot ${action}: GitHub does not show it to the App, expected the App to be installed there`,
    'Install the App on the repository, or add the repository to the installation, and try again.',
    cause ? { cause } : undefined,
  );
}

/** A `DOMException` is no `Error` in every realm, so only its name is looked at. */
function isInterrupted(error: unknown): boolean {
  const { name } = (error ?? {}) as { name?: unknown };
  return name === 'AbortError' || name === 'TimeoutError';
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
function isLimit(error: FailedRequest, headers: Headers): boolean {
  if (error.status === 429) return true;
  if (error.status !== 403) return false;
  return (
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    speaksOfLimit(error.message)
  );
}

/** retry-after, else the time until the window resets, else a minute; never more than an hour. */
function limitWaitMs(headers: Headers, now: number): number {
  const after = retryAfterMs(headers);
  if (after !== undefined) return after;
  if (String(headers['x-ratelimit-remaining']) !== '0') return LIMIT_WAIT_MS;
  const resetMs = Number(headers['x-ratelimit-reset']) * 1000 - now;
  return Number.isFinite(resetMs) ? clamp(resetMs) : LIMIT_WAIT_MS;
}

/** Seconds, as GitHub sends it; a date or nonsense counts as absent. */
function retryAfterMs(headers: Headers): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined || !/^\d{1,9}$/.test(String(value))) return undefined;
  return clamp(Number(value) * 1000);
}

function clamp(waitMs: number): number {
  return Math.min(Math.max(waitMs, 1000), LIMIT_WAIT_MS_MAX);
}
