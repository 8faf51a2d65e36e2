import { RequestError } from '@octokit/request-error';
import { Octokit } from '@octokit/rest';
import { fullName, type RepositoryName } from '../domain/repository.ts';
import type { PullRequestRef } from '../domain/rollout.ts';
import { UserError } from '../domain/user-error.ts';

/**
 * GitHub as one person sees it: what they could do by hand in the browser.
 * Errors of every method: UserError `github-unauthorized`, `github-refused`, `github-unreachable`.
 */
export interface GitHubPerson {
  login(): Promise<{ login: string; id: number }>;
  /** Finds the repository, or creates an empty one. */
  ensureRepository(repository: RepositoryName, options: { private: boolean }): Promise<RemoteRepository>;
  /** @returns undefined where the repository is not there for this person */
  defaultBranch(repository: RepositoryName): Promise<string | undefined>;
  /** Finds an open issue of this title, or opens one. */
  ensureIssue(
    repository: RepositoryName,
    issue: { title: string; body: string },
  ): Promise<{ number: number; url: string }>;
  comment(
    repository: RepositoryName,
    issue: number,
    body: string,
  ): Promise<{ id: number; url: string; createdAt: Date }>;
  /** Comments of others since the given one, oldest first. */
  answersSince(repository: RepositoryName, issue: number, comment: { id: number; createdAt: Date }): Promise<string[]>;
  /** Merges; one that is merged already is fine. @throws UserError `merge-refused` */
  merge(pullRequest: PullRequestRef): Promise<void>;
}

export interface RemoteRepository {
  created: boolean;
  cloneUrl: string;
  url: string;
  defaultBranch: string;
}

/** GitHub itself ends a request after 10 seconds; a proxy before it may take longer. */
const REQUEST_MS_MAX = 30_000;
/** GitHub works out mergeability in the background: it answers 405 for some seconds after a push. */
const MERGE_TRIES_MAX = 10;
const MERGE_PAUSE_MS = 1_000;

export function createGitHubPerson(options: {
  githubUrl: string;
  token: string;
  sleep: (ms: number) => Promise<unknown>;
}): GitHubPerson {
  const octokit = new Octokit({
    baseUrl: options.githubUrl,
    auth: options.token,
    userAgent: 'mcp-hosting',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_MS_MAX) }),
    },
  });
  return {
    login: () =>
      asPerson('read who you are', async () => pickLogin((await octokit.rest.users.getAuthenticated()).data)),
    ensureRepository: (repository, { private: isPrivate }) =>
      asPerson(`create ${fullName(repository)}`, () => ensureRepository(octokit, repository, isPrivate)),
    defaultBranch: (repository) =>
      asPerson(`read ${fullName(repository)}`, async () => {
        const found = await octokit.rest.repos.get(named(repository)).catch(undefinedWhen(404));
        return found?.data.default_branch;
      }),
    ensureIssue: (repository, issue) =>
      asPerson(`open an issue in ${fullName(repository)}`, () => ensureIssue(octokit, repository, issue)),
    comment: (repository, issue, body) =>
      asPerson(`comment on ${fullName(repository)}#${issue}`, async () => {
        const { data } = await octokit.rest.issues.createComment({ ...named(repository), issue_number: issue, body });
        return { id: data.id, url: data.html_url, createdAt: new Date(data.created_at) };
      }),
    answersSince: (repository, issue, comment) =>
      asPerson(`read ${fullName(repository)}#${issue}`, async () => {
        const since = comment.createdAt.toISOString();
        const query = { ...named(repository), issue_number: issue, since, per_page: 100 };
        const { data } = await octokit.rest.issues.listComments(query);
        return data.filter(({ id }) => id > comment.id).map(({ body }) => body ?? '');
      }),
    merge: (pullRequest) =>
      asPerson(`merge ${pullRequest.url}`, () => mergeWhenReady(octokit, pullRequest, options.sleep)),
  };
}

async function ensureRepository(
  octokit: Octokit,
  repository: RepositoryName,
  isPrivate: boolean,
): Promise<RemoteRepository> {
  const existing = await octokit.rest.repos.get(named(repository)).catch(undefinedWhen(404));
  const created = existing ? undefined : await createRepository(octokit, repository, isPrivate);
  const data = existing?.data ?? created?.data;
  if (!data) throw new Error(`GitHub gave no repository ${fullName(repository)}`);
  return {
    created: existing === undefined,
    cloneUrl: data.clone_url,
    url: data.html_url,
    defaultBranch: data.default_branch || 'main',
  };
}

async function createRepository(octokit: Octokit, { owner, name }: RepositoryName, isPrivate: boolean) {
  const { data: person } = await octokit.rest.users.getAuthenticated();
  const wanted = { name, private: isPrivate, description: 'An MCP server', has_issues: true, auto_init: false };
  return person.login.toLowerCase() === owner.toLowerCase()
    ? await octokit.rest.repos.createForAuthenticatedUser(wanted)
    : await octokit.rest.repos.createInOrg({ org: owner, ...wanted });
}

async function ensureIssue(octokit: Octokit, repository: RepositoryName, wanted: { title: string; body: string }) {
  const { data } = await octokit.rest.issues.listForRepo({ ...named(repository), state: 'open', per_page: 100 });
  const found = data.find(({ title, pull_request }) => title === wanted.title && !pull_request);
  const issue = found ?? (await octokit.rest.issues.create({ ...named(repository), ...wanted })).data;
  return { number: issue.number, url: issue.html_url };
}

async function mergeWhenReady(
  octokit: Octokit,
  { repository, number }: PullRequestRef,
  sleep: (ms: number) => Promise<unknown>,
) {
  for (let tries = 1; ; tries++) {
    try {
      await octokit.rest.pulls.merge({ ...named(repository), pull_number: number });
      return;
    } catch (error) {
      if (![405, 409].includes(statusOf(error) ?? 0)) throw error;
      const { data } = await octokit.rest.pulls.get({ ...named(repository), pull_number: number });
      if (data.merged) return;
      if (data.state === 'closed' || tries >= MERGE_TRIES_MAX) throw mergeRefused(data.html_url, error);
    }
    await sleep(MERGE_PAUSE_MS);
  }
}

function mergeRefused(url: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message.slice(0, 200) : 'GitHub refused';
  return new UserError(
    'merge-refused',
    `Cannot merge ${url}: ${why}, expected it mergeable`,
    'Have someone who may review and merge it; hosting goes on by itself.',
    { cause },
  );
}

/** Refusals and outages, as a person can mend them or wait for their end; anything else is passed on. */
async function asPerson<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError || !(error instanceof RequestError)) throw error;
    throw refusal(doing, error);
  }
}

function refusal(doing: string, error: RequestError): UserError {
  const said = (error.message.split(' - http')[0] ?? '').slice(0, 200);
  if (!error.response || error.status >= 500) {
    return new UserError(
      'github-unreachable',
      `Cannot ${doing}: GitHub does not answer (${said}), expected an answer`,
      'Try again later; what was done already is found again.',
      { cause: error },
    );
  }
  const unauthorized = error.status === 401;
  return new UserError(
    unauthorized ? 'github-unauthorized' : 'github-refused',
    `Cannot ${doing}: GitHub answered ${error.status} (${said}), expected success`,
    unauthorized
      ? 'Set GITHUB_TOKEN to a token that is valid.'
      : 'Check that your token may do this there (scopes `repo` and `workflow`), then try again.',
    { cause: error },
  );
}

function undefinedWhen(status: number): (error: unknown) => undefined {
  return (error) => {
    if (statusOf(error) === status) return undefined;
    throw error;
  };
}

/** @returns undefined for what is no answer of GitHub. */
function statusOf(error: unknown): number | undefined {
  return error instanceof RequestError && error.response ? error.status : undefined;
}

function named({ owner, name }: RepositoryName): { owner: string; repo: string } {
  return { owner, repo: name };
}

function pickLogin({ login, id }: { login: string; id: number }): { login: string; id: number } {
  return { login, id };
}
