import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { PullRequestRef } from '../../domain/rollout.ts';
import { composeSetupRead } from './documents/setup-repository.ts';
import type { GitHubClient } from './github-client.ts';
import { mapGraphqlProblems } from './map-github-error.ts';
import type { BranchState, Files } from './plan-branch.ts';

/** A branch of our own beside the default one, and the pull request from it. */
export interface ProposalBranch extends BranchState {
  repositoryNodeId: string;
  defaultBranch: string;
  /** Open or not. */
  newest: PullRequestRef | null;
}

type CommitAnswer = {
  oid?: string;
  parents?: { nodes: ({ oid: string } | null)[] | null };
} & Record<`file${number}`, { object: { text?: string | null } | null } | null>;

interface BranchAnswer {
  repository: {
    id: string;
    defaultBranchRef: { name: string; target: CommitAnswer | null } | null;
    ref: { id: string; target: CommitAnswer | null } | null;
    pullRequests: {
      nodes: ({ id: string; number: number; url: string; state: string; isCrossRepository: boolean } | null)[] | null;
    };
  } | null;
}

/** One request. @returns undefined for a repository without a commit */
export async function readProposalBranch(
  client: GitHubClient,
  options: { installationId: number; repository: RepositoryName; branch: string; paths: readonly string[] },
): Promise<ProposalBranch | undefined> {
  const { installationId, repository, branch } = options;
  const paths = [...options.paths].sort();
  const { document, variables } = composeSetupRead(paths);
  const action = `read "${fullName(repository)}"`;
  const { owner, name } = repository;
  const where = { owner, name, branch, branchRef: `refs/heads/${branch}` };
  const request = { document, variables: { ...variables, ...where }, action };
  const answer = await client.graphql<BranchAnswer>(installationId, request);
  const found = answer.data.repository;
  if (!found) throw mapGraphqlProblems([{ type: 'NOT_FOUND', message: 'not found' }, ...answer.problems], action);
  const head = found.defaultBranchRef;
  if (!head?.target?.oid) return undefined;
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
