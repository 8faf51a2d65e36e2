import { Octokit } from '@octokit/rest';
import { UserError } from '../../domain/user-error.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { createBoundedFetch } from './bounded-fetch.ts';
import { boundedText } from './bounded-text.ts';
import type { GitHubClient } from './github-client.ts';
import { QUOTED_MESSAGE_CHARACTERS_MAX } from './github-limits.ts';
import { isGraphqlError } from './graphql-error.ts';
import { isFailedRequest, mapGitHubError, mapGraphqlProblems } from './map-github-error.ts';

/**
 * GitHub as the owner of one token sees it; installations make no difference to it.
 * Errors as of every `GitHubClient`, but refusals speak of the token: `github-unauthorized`, `github-refused`.
 */
export function createTokenClient(options: { token: string; apiUrl: string; requestTimeoutMs: number }): GitHubClient {
  const silent = () => undefined;
  const octokit = new Octokit({
    auth: options.token,
    baseUrl: options.apiUrl,
    userAgent: 'mcp-hosting',
    request: { fetch: createBoundedFetch(options.requestTimeoutMs) },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  return {
    async rest(_as, action, call) {
      try {
        return await call(octokit);
      } catch (error) {
        throw mapTokenError(error, action);
      }
    },
    async graphql<Data>(
      _installationId: number,
      { document, variables, action }: Parameters<GitHubClient['graphql']>[1],
    ) {
      try {
        return { data: await octokit.graphql<Data>(document, variables), problems: [] };
      } catch (error) {
        if (!isGraphqlError<Data>(error)) throw mapTokenError(error, action);
        if (error.data === undefined || error.data === null)
          throw mapGraphqlProblems(error.errors, action, error.headers);
        return { data: error.data, problems: error.errors };
      }
    },
  };
}

function mapTokenError(error: unknown, action: string): Error {
  const mapped = mapGitHubError(error, action);
  // Nobody repeats it but the person who gave the command.
  if (mapped instanceof RetryLaterError) {
    const again = 'Try again later; what was done already is found again.';
    return new UserError('github-unreachable', `${mapped.message}, expected an answer`, again, { cause: error });
  }
  if (!(mapped instanceof UserError) || !isFailedRequest(error)) return mapped;
  const said = boundedText(error.message, QUOTED_MESSAGE_CHARACTERS_MAX);
  if (error.status === 401) {
    return new UserError(
      'github-unauthorized',
      `Cannot ${action}: GitHub does not accept the token, expected a valid one`,
      'Set GITHUB_TOKEN to a token that is valid.',
      { cause: error },
    );
  }
  return new UserError(
    'github-refused',
    `Cannot ${action}: GitHub answered ${error.status} (${said}), expected success`,
    'Check the name of the repository, and that your token may do this there (scopes `repo` and `workflow`).',
    { cause: error },
  );
}
