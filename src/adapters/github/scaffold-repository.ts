import { SCAFFOLD_BRANCH } from '../../domain/branch-names.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { PullRequestRef } from '../../domain/rollout.ts';
import { UserError } from '../../domain/user-error.ts';
import type { GitHubClient } from './github-client.ts';
import { type Files, planBranch, sameFiles } from './plan-branch.ts';
import { type ProposalBranch, readProposalBranch } from './read-proposal-branch.ts';
import { type BranchTarget, closePullRequest, writeBranch } from './write-branch.ts';

/** The deployments repository, as the command that sets it up sees it. */
export interface ScaffoldRepository {
  /** One request. @returns undefined for a repository without a commit */
  read(paths: readonly string[]): Promise<ScaffoldState | undefined>;
  /** Makes the first commit, a README.md: GitHub has no pull request without one. */
  begin(): Promise<void>;
  /** Opens the pull request, or brings the open one up to date; two requests at most. */
  propose(state: ScaffoldState, proposal: ScaffoldFiles): Promise<ScaffoldOutcome>;
}

/** Present content of the paths that were asked for. */
export interface ScaffoldState {
  /** On the default branch. */
  merged: Files;
  /** On the branch of the open pull request; of the default branch where there is none. */
  present: Files;
  openPullRequest: PullRequestRef | null;
  branch: ProposalBranch;
}

interface ScaffoldFiles {
  /** Of all paths that the state was read for. */
  files: Files;
  title: string;
  body: string;
  message: string;
}

type ScaffoldOutcome =
  /** Nothing to propose beyond what is there, or what an open pull request has. */
  | { kind: 'unchanged'; pullRequest: PullRequestRef | null }
  | { kind: 'proposed'; pullRequest: PullRequestRef }
  /** Somebody was faster: read again. */
  | { kind: 'outdated'; reason: string };

/** One person's or one App's work, far from the limits that the bot counts. */
const UNCOUNTED = { take: async () => 0 };

export function createScaffoldRepository(options: {
  client: GitHubClient;
  /** Without meaning for a person's token. */
  installationId: number;
  repository: RepositoryName;
}): ScaffoldRepository {
  const { client, installationId, repository } = options;
  return {
    async read(paths) {
      const where = { installationId, repository, branch: SCAFFOLD_BRANCH, paths };
      const branch = await readProposalBranch(client, where);
      if (!branch) return undefined;
      const isOpen = branch.openPullRequestId !== null && branch.branch !== null;
      const present = isOpen ? (branch.branch?.files ?? {}) : branch.base;
      return { merged: branch.base, present, openPullRequest: isOpen ? branch.newest : null, branch };
    },
    begin: () => commitReadme(client, installationId, repository),
    async propose({ branch: state, openPullRequest }, { files, title, body, message }) {
      if (openPullRequest && state.branch && sameFiles(state.branch.files, files)) {
        return { kind: 'unchanged', pullRequest: openPullRequest };
      }
      const writes = { client, writeBudget: UNCOUNTED };
      const plan = planBranch(state, files);
      if (plan.kind === 'unchanged') {
        const { closePullRequestId } = plan;
        if (closePullRequestId) await closePullRequest(writes, { installationId, repository }, closePullRequestId);
        return { kind: 'unchanged', pullRequest: null };
      }
      const { repositoryNodeId, defaultBranch } = state;
      const place = { installationId, repository, repositoryNodeId, defaultBranch, branch: SCAFFOLD_BRANCH };
      return outcomeOf(await writeBranch(writes, { ...place, title, body, message }, plan), place);
    },
  };
}

function outcomeOf(
  written: Awaited<ReturnType<typeof writeBranch>>,
  { repository }: Pick<BranchTarget, 'repository'>,
): ScaffoldOutcome {
  if (written.kind === 'written') {
    const { number, url } = written.pullRequest;
    return { kind: 'proposed', pullRequest: { repository, number, url } };
  }
  if (written.stale) return { kind: 'outdated', reason: written.reason };
  throw new UserError(
    'proposal-refused',
    `Cannot propose changes in "${fullName(repository)}": GitHub refuses branch "${SCAFFOLD_BRANCH}" (${written.reason}), expected to write it`,
    'Check the branch rules of the repository, and that the token may change workflows (scope `workflow`).',
  );
}

async function commitReadme(client: GitHubClient, installationId: number, repository: RepositoryName): Promise<void> {
  const { owner, name: repo } = repository;
  const file = { path: 'README.md', content: Buffer.from(`# ${repo}\n`).toString('base64'), message: 'Begin' };
  await client.rest(installationId, `write the first commit of "${fullName(repository)}"`, (octokit) =>
    octokit.repos.createOrUpdateFileContents({ owner, repo, ...file }),
  );
}
