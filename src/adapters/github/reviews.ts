import { MANIFESTS_CHECK_NAME } from '../../domain/reports/manifests-report.ts';
import { MANIFESTS_MARKER } from '../../domain/reports/markers.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { FolderSides } from '../../domain/review/review-manifests.ts';
import type { PullRequestReviews, ReviewSubject } from '../../ports/github.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { boundedText } from './bounded-text.ts';
import { LIST_OPEN_PULL_REQUESTS, READ_REVIEW } from './documents/read-review.ts';
import type { FileAnswer } from './file-text.ts';
import type { GitHubClient } from './github-client.ts';
import { BODY_CHARACTERS_MAX, OUTAGE_WAIT_MS, REVIEWED_FILE_BYTES_MAX } from './github-limits.ts';
import type { InstallationIds } from './installation-ids.ts';
import { readChangedPaths } from './read-changed-paths.ts';
import { entriesOf, type FolderAnswer, type ListedSubject, readFolders } from './read-folders.ts';
import { readWhole } from './read-whole.ts';

interface ReviewOptions {
  client: GitHubClient;
  installations: InstallationIds;
  deploymentsRepository: RepositoryName;
}

interface CheckRunAnswer {
  databaseId: number | null;
  externalId: string | null;
  status: string;
}

interface PullRequestAnswer {
  id: string;
  state: 'OPEN' | 'CLOSED' | 'MERGED';
  isCrossRepository: boolean;
  viewerDidAuthor: boolean;
  body: string;
  baseRefName: string;
  headRefName: string;
  headRefOid: string;
  changedFiles: number;
  files: { nodes: ({ path: string; changeType: string } | null)[] | null } | null;
  comments: { nodes: ({ id: string; body: string; viewerDidAuthor: boolean } | null)[] | null };
}

interface BaseAnswer {
  oid?: string;
  policy?: FileAnswer | null;
  limitRange?: FileAnswer | null;
  resourceQuota?: FileAnswer | null;
  folder?: FolderAnswer;
}

interface RepositoryAnswer {
  id: string;
  defaultBranchRef: { name: string; target: BaseAnswer | null } | null;
  /** Of a merge group. */
  base?: BaseAnswer | null;
  head: {
    oid?: string;
    message?: string;
    policy?: FileAnswer | null;
    folder?: FolderAnswer;
    checkSuites?: { nodes: ({ checkRuns: { nodes: (CheckRunAnswer | null)[] | null } | null } | null)[] | null } | null;
  } | null;
  pullRequest: PullRequestAnswer | null;
}

/** Tries of a read whose pull request got another head meanwhile; each push sends an event of its own too. */
const MOVES_MAX = 3;

type Query = Parameters<PullRequestReviews['read']>[0];

/** The folder that was read together with its pull request. */
function listedFolder(
  folder: string | undefined,
  { defaultBranchRef, head }: RepositoryAnswer,
): ListedSubject['listed'] {
  if (folder === undefined) return new Map();
  return new Map([[folder, { base: entriesOf(defaultBranchRef?.target?.folder), head: entriesOf(head?.folder) }]]);
}

export function createReviews(options: ReviewOptions): PullRequestReviews {
  const { client, installations, deploymentsRepository } = options;

  async function ask(
    installationId: number,
    { number, folder, base }: Pick<Query, 'number' | 'folder'> & { base?: string },
    head: string,
  ): Promise<RepositoryAnswer | null> {
    const data = await readWhole<{ repository: RepositoryAnswer | null }>(client, installationId, {
      document: READ_REVIEW,
      variables: {
        ...{ ...ownerAndName(deploymentsRepository), number, head, checkName: MANIFESTS_CHECK_NAME },
        folder: folder ?? '',
        withFolder: folder !== undefined,
        base: base ?? null,
        withBase: base !== undefined,
      },
      action: `read pull request ${number} of "${fullName(deploymentsRepository)}"`,
      absent: true,
    });
    return data.repository;
  }

  return {
    async read(query) {
      const { number, headSha, folder } = query;
      const installationId = await installations.require(deploymentsRepository);
      let head = headSha;
      for (let move = 0; move < MOVES_MAX; move += 1) {
        const answer = await ask(installationId, query, head);
        const pullRequest = answer?.pullRequest;
        if (!answer || pullRequest?.state !== 'OPEN' || pullRequest.baseRefName !== answer.defaultBranchRef?.name) {
          return undefined;
        }
        head = pullRequest.headRefOid;
        if (answer.head?.oid !== head) continue;
        const subject = subjectOf({ answer, pullRequest, number, installationId, repository: deploymentsRepository });
        const changedPaths = await readChangedPaths(client, subject, pullRequest);
        if (changedPaths !== 'moved') return { ...subject, changedPaths, listed: listedFolder(folder, answer) };
      }
      throw new RetryLaterError(`Cannot read pull request ${number}: its head moves`, OUTAGE_WAIT_MS);
    },
    async readMergeGroup({ number, headSha, baseSha }) {
      const installationId = await installations.require(deploymentsRepository);
      const answer = await ask(installationId, { number, base: baseSha }, headSha);
      const pullRequest = answer?.pullRequest;
      // The group goes with its pull request, and another push to that makes another group.
      if (pullRequest?.state !== 'OPEN' || pullRequest.baseRefName !== answer?.defaultBranchRef?.name) return undefined;
      if (answer.head?.oid !== headSha || answer.base?.oid !== baseSha) return undefined;
      const subject = subjectOf({ answer, pullRequest, number, installationId, repository: deploymentsRepository });
      const changedPaths = await readChangedPaths(client, subject, pullRequest);
      if (changedPaths === 'moved') return undefined;
      return { ...subject, baseSha, headSha, comment: null, changedPaths };
    },
    async readFolders(subject: ListedSubject, paths): Promise<ReadonlyMap<string, FolderSides>> {
      return readFolders(client, subject, paths);
    },
    async listOpen() {
      const installationId = await installations.require(deploymentsRepository);
      return listOpen(client, installationId, deploymentsRepository);
    },
  };
}

function subjectOf(options: {
  answer: RepositoryAnswer;
  pullRequest: PullRequestAnswer;
  number: number;
  installationId: number;
  repository: RepositoryName;
}): Omit<ReviewSubject, 'changedPaths'> {
  const { answer, pullRequest, number, installationId, repository } = options;
  const base = answer.base ?? answer.defaultBranchRef?.target;
  return {
    installationId,
    repository,
    repositoryNodeId: answer.id,
    number,
    nodeId: pullRequest.id,
    headSha: pullRequest.headRefOid,
    baseSha: base?.oid ?? '',
    baseBranch: pullRequest.baseRefName,
    headBranch: pullRequest.headRefName,
    fork: pullRequest.isCrossRepository,
    byBot: pullRequest.viewerDidAuthor,
    body: boundedText(pullRequest.body, BODY_CHARACTERS_MAX),
    headMessage: boundedText(answer.head?.message ?? '', BODY_CHARACTERS_MAX),
    policy: { base: textOrNone(base?.policy), head: textOrNone(answer.head?.policy) },
    limitRangeText: textOrNone(base?.limitRange),
    resourceQuotaText: textOrNone(base?.resourceQuota),
    comment: commentOf(pullRequest),
    checkRun: checkRunOf(answer),
  };
}

/** No YAML: a file that is there and cannot be read is not the same as none. */
const UNREADABLE = '\u0000';

const SYMLINK_MODE = 0o120000;

function textOrNone(file: FileAnswer | null | undefined): string | null {
  if (!file) return null;
  const { byteSize, isTruncated, text } = file.object ?? {};
  const isFit =
    file.mode !== SYMLINK_MODE && byteSize !== undefined && byteSize <= REVIEWED_FILE_BYTES_MAX && !isTruncated;
  return isFit && typeof text === 'string' ? text : UNREADABLE;
}

/** The marker must be the first line of a comment of our own: anyone may quote it. */
function commentOf({ comments }: PullRequestAnswer): ReviewSubject['comment'] {
  const own = comments.nodes?.find((node) => node?.viewerDidAuthor && node.body.startsWith(MANIFESTS_MARKER));
  return own ? { id: own.id, body: own.body } : null;
}

function checkRunOf({ head }: RepositoryAnswer): ReviewSubject['checkRun'] {
  const runs = (head?.checkSuites?.nodes ?? []).flatMap((suite) => suite?.checkRuns?.nodes ?? []);
  const [newest] = runs.filter((run) => run !== null).sort((a, b) => (b.databaseId ?? 0) - (a.databaseId ?? 0));
  return newest ? { externalId: newest.externalId ?? '', completed: newest.status === 'COMPLETED' } : null;
}

interface OpenAnswer {
  repository: {
    defaultBranchRef: { name: string } | null;
    pullRequests: {
      nodes:
        | ({
            number: number;
            baseRefName: string;
            headRefOid: string;
            commits: { nodes: ({ commit: { oid: string; checkSuites: SuitesAnswer } } | null)[] | null };
          } | null)[]
        | null;
    };
  } | null;
}

type SuitesAnswer = { nodes: ({ checkRuns: { nodes: unknown[] | null } | null } | null)[] | null } | null;

async function listOpen(
  client: GitHubClient,
  installationId: number,
  repository: RepositoryName,
): Promise<{ number: number; headSha: string; checked: boolean }[]> {
  const data = await readWhole<OpenAnswer>(client, installationId, {
    document: LIST_OPEN_PULL_REQUESTS,
    variables: { ...ownerAndName(repository), checkName: MANIFESTS_CHECK_NAME },
    action: `list the pull requests of "${fullName(repository)}"`,
  });
  const branch = data.repository?.defaultBranchRef?.name;
  return (data.repository?.pullRequests.nodes ?? []).flatMap((node) => {
    if (!node || node.baseRefName !== branch) return [];
    const suites = node.commits.nodes?.[0]?.commit.checkSuites?.nodes ?? [];
    const checked = suites.some((suite) => (suite?.checkRuns?.nodes ?? []).length > 0);
    return [{ number: node.number, headSha: node.headRefOid, checked }];
  });
}

function ownerAndName({ owner, name }: RepositoryName): { owner: string; name: string } {
  return { owner, name };
}
