import { SETUP_BRANCH } from '../../domain/branch-names.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { PullRequestRef } from '../../domain/rollout.ts';
import { UserError } from '../../domain/user-error.ts';
import type { SetupProposals } from '../../ports/github.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import { composeSetupRead } from './documents/setup-repository.ts';
import type { GitHubClient } from './github-client.ts';
import { mapGraphqlProblems } from './map-github-error.ts';
import { emptyRepository } from './parse-source.ts';
import { type BranchState, type Files, planBranch } from './plan-branch.ts';
import { BRANCH_WRITES_MAX, type BranchTarget, lostRace, writeBranch } from './write-branch.ts';

type SetupRequest = Parameters<SetupProposals['proposeSetup']>[0];

interface SetupOptions {
  client: GitHubClient;
  writeBudget: WriteBudget;
}

interface SetupState extends BranchState {
  repositoryNodeId: string;
  defaultBranch: string;
  newest: PullRequestRef | null;
}

/** Two requests: a read, and one document that writes. An open setup pull request is brought up to date. */
export function createSetupProposals(options: SetupOptions): SetupProposals {
  return {
    async proposeSetup(request) {
      for (let write = 1; ; write += 1) {
        const state = await readSetup(options.client, request);
        const plan = planBranch(state, request.files);
        if (plan.kind === 'unchanged') return state.newest ?? alreadyThere(request.repository);
        const target = targetOf(state, request);
        const written = await writeBranch(options, target, plan);
        if (written.kind === 'written') {
          const { repository, number, url } = written.pullRequest;
          return { repository, number, url };
        }
        if (write === BRANCH_WRITES_MAX) throw lostRace(target, written);
      }
    },
  };
}

function targetOf(state: SetupState, request: SetupRequest): BranchTarget {
  const { installationId, repository, title, body, message } = request;
  const { repositoryNodeId, defaultBranch } = state;
  return { installationId, repository, repositoryNodeId, defaultBranch, branch: SETUP_BRANCH, title, body, message };
}

function alreadyThere(repository: RepositoryName): never {
  throw new UserError(
    'setup-not-needed',
    `Cannot propose the build workflow in "${fullName(repository)}": it stands on the default branch, expected it to be absent`,
    'Give the command again.',
  );
}

type CommitAnswer = {
  oid?: string;
  parents?: { nodes: ({ oid: string } | null)[] | null };
} & Record<`file${number}`, { object: { text?: string | null } | null } | null>;

interface SetupAnswer {
  repository: {
    id: string;
    defaultBranchRef: { name: string; target: CommitAnswer | null } | null;
    ref: { id: string; target: CommitAnswer | null } | null;
    pullRequests: {
      nodes: ({ id: string; number: number; url: string; state: string; isCrossRepository: boolean } | null)[] | null;
    };
  } | null;
}

async function readSetup(client: GitHubClient, request: SetupRequest): Promise<SetupState> {
  const { repository } = request;
  const paths = Object.keys(request.files).sort();
  const { document, variables } = composeSetupRead(paths);
  const action = `read "${fullName(repository)}"`;
  const { owner, name } = repository;
  const where = { owner, name, branch: SETUP_BRANCH, branchRef: `refs/heads/${SETUP_BRANCH}` };
  const answer = await client.graphql<SetupAnswer>(request.installationId, {
    document,
    variables: { ...variables, ...where },
    action,
  });
  const found = answer.data.repository;
  if (!found) throw mapGraphqlProblems([{ type: 'NOT_FOUND', message: 'not found' }, ...answer.problems], action);
  const head = found.defaultBranchRef;
  if (!head?.target?.oid) throw emptyRepository(repository);
  const newest = found.pullRequests.nodes?.find((node) => node && !node.isCrossRepository) ?? null;
  return {
    repositoryNodeId: found.id,
    defaultBranch: head.name,
    headSha: head.target.oid,
    base: filesOf(head.target, paths),
    branch: branchOf(found.ref, paths),
    openPullRequestId: newest?.state === 'OPEN' ? newest.id : null,
    newest: newest && { repository, number: newest.number, url: newest.url },
  };
}

function branchOf(ref: { id: string; target: CommitAnswer | null } | null, paths: readonly string[]) {
  if (!ref?.target?.oid) return null;
  const { oid: headSha, parents } = ref.target;
  return { refId: ref.id, headSha, parentSha: parents?.nodes?.[0]?.oid ?? null, files: filesOf(ref.target, paths) };
}

/** A file that is there but is no text counts as absent, so that it is replaced. */
function filesOf(commit: CommitAnswer, paths: readonly string[]): Files {
  const files: Record<string, string> = {};
  for (const [index, path] of paths.entries()) {
    const text = commit[`file${index}`]?.object?.text;
    if (typeof text === 'string') files[path] = text;
  }
  return files;
}
