import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { PullRequestRef } from '../../domain/rollout.ts';
import { UserError } from '../../domain/user-error.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import { boundedText } from './bounded-text.ts';
import { composeMutation, type MutationPart } from './documents/compose-mutation.ts';
import { PROPOSE_FIELDS } from './documents/propose.ts';
import type { GitHubClient } from './github-client.ts';
import { BODY_CHARACTERS_MAX, OUTAGE_WAIT_MS, TITLE_CHARACTERS_MAX } from './github-limits.ts';
import { type GraphqlProblem, kindOfProblem, quoteProblems } from './graphql-problem.ts';
import { mapGraphqlProblems } from './map-github-error.ts';
import type { BranchPlan } from './plan-branch.ts';
import { spendWrites } from './spend-writes.ts';

/** Where a plan is carried out, and the words that people see. */
export interface BranchTarget {
  installationId: number;
  repository: RepositoryName;
  repositoryNodeId: string;
  defaultBranch: string;
  branch: string;
  title: string;
  body: string;
  /** Headline, blank line, body. */
  message: string;
}

export type BranchWrite =
  | { kind: 'written'; pullRequest: PullRequestRef & { nodeId: string }; branchHeadSha: string }
  /** Somebody was faster: the state must be read anew. */
  | { kind: 'outdated'; stale: boolean; reason: string };

/** How often a lost compare-and-set is read anew and tried again. */
export const BRANCH_WRITES_MAX = 3;

type WritePlan = Extract<BranchPlan, { kind: 'write' }>;

interface WriteAnswer {
  commit?: { commit: { oid: string } | null } | null;
  pullRequest?: { pullRequest: { id: string; number: number; url: string; state: string } | null } | null;
}

/** Carries a plan out in one request. */
export async function writeBranch(
  { client, writeBudget }: { client: GitHubClient; writeBudget: WriteBudget },
  target: BranchTarget,
  plan: WritePlan,
): Promise<BranchWrite> {
  const parts = partsOf(target, plan);
  await spendWrites(writeBudget, target.installationId, parts.length);
  const action = `propose changes in "${fullName(target.repository)}"`;
  const { data, problems } = await client.graphql<WriteAnswer>(target.installationId, {
    ...composeMutation('Propose', parts),
    action,
  });
  throwWhatNobodyCanOutrun(problems, action);
  const pullRequest = data.pullRequest?.pullRequest;
  const branchHeadSha = plan.commit ? data.commit?.commit?.oid : plan.headSha;
  if (problems.length > 0 || !pullRequest || branchHeadSha === undefined) {
    const stale = problems.length === 0 || problems.some((problem) => problem.type === 'STALE_DATA');
    return { kind: 'outdated', stale, reason: quoteProblems(problems) };
  }
  // One that was made just now and is closed was closed by people: they are not asked again.
  if (plan.pullRequest.kind === 'update' && pullRequest.state !== 'OPEN') {
    return { kind: 'outdated', stale: true, reason: `the pull request is ${pullRequest.state}` };
  }
  const { id: nodeId, number, url } = pullRequest;
  return { kind: 'written', pullRequest: { repository: target.repository, number, url, nodeId }, branchHeadSha };
}

/** Closes a pull request that has nothing left to change. One that is closed already is no error. */
export async function closePullRequest(
  { client, writeBudget }: { client: GitHubClient; writeBudget: WriteBudget },
  target: Pick<BranchTarget, 'installationId' | 'repository'>,
  pullRequestId: string,
): Promise<void> {
  await spendWrites(writeBudget, target.installationId, 1);
  const part = { alias: 'pullRequest', field: PROPOSE_FIELDS.closePullRequest, input: { pullRequestId } };
  const action = `close a pull request of "${fullName(target.repository)}"`;
  const { problems } = await client.graphql(target.installationId, { ...composeMutation('Close', [part]), action });
  throwWhatNobodyCanOutrun(problems, action);
}

/** After the last try: a race that was lost three times is for later, what GitHub's rules refuse is for people. */
export function lostRace(
  target: Pick<BranchTarget, 'repository' | 'branch'>,
  { stale, reason }: { stale: boolean; reason: string },
): Error {
  if (stale) return new RetryLaterError(`Cannot write branch "${target.branch}": ${reason}`, OUTAGE_WAIT_MS);
  return new UserError(
    'proposal-refused',
    `Cannot propose changes in "${fullName(target.repository)}": GitHub refuses branch "${target.branch}" (${reason}), expected to write it`,
    'Check the branch rules of the repository; the App must be allowed to write branches "mcp-hosting/*".',
  );
}

function throwWhatNobodyCanOutrun(problems: readonly GraphqlProblem[], action: string): void {
  const kinds = problems.map(kindOfProblem);
  if (kinds.includes('busy') || kinds.includes('forbidden') || kinds.includes('invalid')) {
    throw mapGraphqlProblems(problems, action);
  }
}

function partsOf(target: BranchTarget, plan: WritePlan): MutationPart[] {
  const parts: MutationPart[] = [];
  const { ref, commit } = plan;
  const headSha = commit?.expectedHeadSha ?? plan.headSha;
  if (ref.kind === 'create') {
    const input = { repositoryId: target.repositoryNodeId, name: `refs/heads/${target.branch}`, oid: headSha };
    parts.push({ alias: 'ref', field: PROPOSE_FIELDS.createRef, input });
  }
  if (ref.kind === 'reset') {
    parts.push({
      alias: 'ref',
      field: PROPOSE_FIELDS.updateRef,
      input: { refId: ref.refId, oid: headSha, force: true },
    });
  }
  if (commit) parts.push(commitPart(target, commit));
  parts.push(pullRequestPart(target, plan.pullRequest));
  return parts;
}

function commitPart(target: BranchTarget, commit: NonNullable<WritePlan['commit']>): MutationPart {
  const [headline = '', ...rest] = target.message.split('\n');
  const input = {
    branch: { repositoryNameWithOwner: fullName(target.repository), branchName: target.branch },
    expectedHeadOid: commit.expectedHeadSha,
    message: { headline, body: rest.join('\n').trim() },
    fileChanges: commit.changes,
  };
  return { alias: 'commit', field: PROPOSE_FIELDS.createCommit, input };
}

function pullRequestPart(target: BranchTarget, wanted: WritePlan['pullRequest']): MutationPart {
  const words = {
    title: boundedText(target.title, TITLE_CHARACTERS_MAX),
    body: boundedText(target.body, BODY_CHARACTERS_MAX),
  };
  if (wanted.kind === 'update') {
    const input = { pullRequestId: wanted.id, ...words };
    return { alias: 'pullRequest', field: PROPOSE_FIELDS.updatePullRequest, input };
  }
  const { repositoryNodeId: repositoryId, defaultBranch: baseRefName, branch: headRefName } = target;
  const input = { repositoryId, baseRefName, headRefName, ...words };
  return { alias: 'pullRequest', field: PROPOSE_FIELDS.createPullRequest, input };
}
