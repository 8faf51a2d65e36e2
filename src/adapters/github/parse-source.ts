import { fullName, type RepositoryName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import type { SourceSnapshot } from '../../ports/github.ts';
import { type FileAnswer, readFileText } from './file-text.ts';

/** `SourceFiles` of `documents/source-files.ts`. */
export interface CommitFilesAnswer {
  oid: string;
  config: FileAnswer | null;
  packageJson: FileAnswer | null;
  pyproject: FileAnswer | null;
  requirements: { type: string } | null;
  dockerfile: { type: string } | null;
}

interface PullRequestAnswer {
  __typename: 'PullRequest';
  id: string;
  number: number;
  state: 'OPEN' | 'CLOSED' | 'MERGED';
  isCrossRepository: boolean;
  headRefName: string;
  headRefOid: string;
  headRef: { id: string } | null;
  headRepository: { name: string; owner: { login: string } } | null;
  commits: { nodes: ({ commit: CommitFilesAnswer } | null)[] | null };
}

/** `SourceRepository` of `documents/source-repository.ts`. */
export interface SourceAnswer {
  id: string;
  databaseId: number | null;
  isPrivate: boolean;
  defaultBranchRef: {
    id: string;
    name: string;
    target: (Partial<CommitFilesAnswer> & { workflow?: { type: string } | null }) | null;
  } | null;
  issueOrPullRequest?: { __typename: 'Issue'; id: string } | PullRequestAnswer | null;
}

/** Reads the files of one commit, where the pull request's own list does not end in its head. */
export type ReadCommit = (oid: string) => Promise<CommitFilesAnswer | null>;

/** @throws UserError `repository-empty`, `commit-missing` */
export async function parseSource(
  answer: SourceAnswer,
  repository: RepositoryName,
  readCommit: ReadCommit,
): Promise<SourceSnapshot> {
  const branch = answer.defaultBranchRef;
  if (!branch?.target?.oid) throw emptyRepository(repository);
  const subject = answer.issueOrPullRequest ?? null;
  const pullRequest = subject?.__typename === 'PullRequest' ? subject : null;
  const files = pullRequest
    ? await filesOfHead(pullRequest, repository, readCommit)
    : (branch.target as CommitFilesAnswer);
  return {
    repositoryNodeId: answer.id,
    repositoryId: answer.databaseId ?? 0,
    defaultBranch: branch.name,
    commitSha: files.oid,
    refId: refIdOf(pullRequest, branch.id),
    isPrivate: answer.isPrivate,
    workflowPresent: Boolean(branch.target.workflow),
    ...parseFiles(files, repository),
    issueNodeId: subject?.id ?? null,
    pullRequest: pullRequest ? parsePullRequest(pullRequest) : null,
  };
}

async function filesOfHead(
  pullRequest: PullRequestAnswer,
  repository: RepositoryName,
  readCommit: ReadCommit,
): Promise<CommitFilesAnswer> {
  const last = pullRequest.commits.nodes?.[0]?.commit;
  if (last?.oid === pullRequest.headRefOid) return last;
  const read = await readCommit(pullRequest.headRefOid);
  if (read) return read;
  throw new UserError(
    'commit-missing',
    `Cannot read pull request ${pullRequest.number} of "${fullName(repository)}": its head ${pullRequest.headRefOid} is gone, expected a commit`,
    'Push the branch again and repeat the command.',
  );
}

function refIdOf(pullRequest: PullRequestAnswer | null, defaultRefId: string): string | null {
  if (!pullRequest) return defaultRefId;
  return pullRequest.isCrossRepository ? null : (pullRequest.headRef?.id ?? null);
}

/** A file that cannot be read is told and not thrown: a server can be stopped in spite of it. */
function parseFiles(files: CommitFilesAnswer, repository: RepositoryName) {
  const problems: UserError[] = [];
  const read = (file: FileAnswer | null, path: string): string | null => {
    try {
      return readFileText(file, `"${path}" of "${fullName(repository)}"`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error);
      return null;
    }
  };
  const texts = {
    configText: read(files.config, '.mcp-hosting.yml'),
    packageJsonText: read(files.packageJson, 'package.json'),
    pyprojectText: read(files.pyproject, 'pyproject.toml'),
  };
  const [problem] = problems;
  return {
    ...texts,
    requirementsPresent: files.requirements?.type === 'blob',
    dockerfilePresent: files.dockerfile?.type === 'blob',
    ...(problem ? { unreadable: { code: problem.code, message: problem.message, hint: problem.hint } } : {}),
  };
}

function parsePullRequest(answer: PullRequestAnswer): NonNullable<SourceSnapshot['pullRequest']> {
  const head = answer.headRepository;
  return {
    number: answer.number,
    nodeId: answer.id,
    state: answer.state,
    fork: answer.isCrossRepository,
    headRepository: head ? { owner: head.owner.login, name: head.name } : null,
    headBranch: answer.headRefName,
  };
}

export function emptyRepository(repository: RepositoryName): UserError {
  return new UserError(
    'repository-empty',
    `Cannot read "${fullName(repository)}": it has no commit, expected a default branch`,
    'Push a first commit and try again.',
  );
}
