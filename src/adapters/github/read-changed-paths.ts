import { fullName } from '../../domain/repository.ts';
import type { ChangedPaths } from '../../domain/review/touched-paths.ts';
import type { ReviewSubject } from '../../ports/github.ts';
import type { GitHubClient } from './github-client.ts';
import { REVIEWED_FILES_MAX } from './github-limits.ts';

/** What GitHub's REST API gives a page. */
const PAGE = 100;

interface ListedFiles {
  changedFiles: number;
  files: { nodes: ({ path: string; changeType: string } | null)[] | null } | null;
}

/**
 * Every path that the pull request changes. GraphQL lists a hundred, and of a renamed file the new path only; REST tells
 * both, so it is asked where there is a rename or more.
 * @returns null for more files than are looked at; `moved` when the pull request got another head meanwhile
 */
export async function readChangedPaths(
  client: GitHubClient,
  subject: Pick<ReviewSubject, 'installationId' | 'repository' | 'number' | 'headSha'>,
  { changedFiles, files }: ListedFiles,
): Promise<ChangedPaths | null | 'moved'> {
  if (changedFiles > REVIEWED_FILES_MAX) return null;
  const listed = (files?.nodes ?? []).filter((node) => node !== null);
  if (listed.length >= changedFiles && listed.every(({ changeType }) => changeType !== 'RENAMED')) {
    return {
      all: listed.map(({ path }) => path),
      removed: listed.filter(({ changeType }) => changeType === 'DELETED').map(({ path }) => path),
    };
  }
  const all: string[] = [];
  const removed: string[] = [];
  for (let page = 1; page <= Math.ceil(changedFiles / PAGE); page += 1) {
    const answer = await readPage(client, subject, page);
    if (answer === 'moved') return 'moved';
    all.push(...answer.all);
    removed.push(...answer.removed);
  }
  return { all, removed };
}

async function readPage(
  client: GitHubClient,
  {
    installationId,
    repository,
    number,
    headSha,
  }: Pick<ReviewSubject, 'installationId' | 'repository' | 'number' | 'headSha'>,
  page: number,
): Promise<ChangedPaths | 'moved'> {
  const { data } = await client.rest(
    installationId,
    `list the files of pull request ${number} of "${fullName(repository)}"`,
    (octokit) =>
      octokit.rest.pulls.listFiles({
        owner: repository.owner,
        repo: repository.name,
        pull_number: number,
        per_page: PAGE,
        page,
      }),
  );
  // The address of a file's content names the commit that the list is of.
  if (data.some(({ contents_url }) => !contents_url.includes(headSha))) return 'moved';
  const renamed = data.flatMap(({ previous_filename }) => (previous_filename === undefined ? [] : [previous_filename]));
  const removed = data.filter(({ status }) => status === 'removed').map(({ filename }) => filename);
  return { all: [...renamed, ...data.map(({ filename }) => filename)], removed: [...renamed, ...removed] };
}
