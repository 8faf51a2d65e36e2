import { fullName } from '../../domain/repository.ts';
import type { PullRequestRef } from '../../domain/rollout.ts';
import { UserError } from '../../domain/user-error.ts';
import type { MergeOutcome } from '../../ports/github.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import { composeMutation } from './documents/compose-mutation.ts';
import { ENQUEUE_FIELD, MERGE_FIELD } from './documents/merge-pull-request.ts';
import type { GitHubClient } from './github-client.ts';
import { OUTAGE_WAIT_MS } from './github-limits.ts';
import { type GraphqlProblem, kindOfProblem, quoteProblems } from './graphql-problem.ts';
import { mapGraphqlProblems } from './map-github-error.ts';
import { type MergeMethod, type PullRequestView, readPullRequest } from './read-pull-request.ts';
import { spendWrites } from './spend-writes.ts';

type Target = PullRequestRef & { nodeId: string };

interface MergeOptions {
  client: GitHubClient;
  writeBudget: WriteBudget;
}

interface Answer {
  merge: { pullRequest: { mergeCommit: { oid: string } | null } | null } | null;
}

/** Squashed first: one commit a deployment. What a repository allows is only asked when it refused. */
const FIRST_METHOD: MergeMethod = 'SQUASH';

/**
 * One request when GitHub merges at once; else it looks why, and tries the method that the repository allows, or the
 * branch's merge queue.
 * @throws UserError `merge-blocked`, `merge-conflict`; RetryLaterError while GitHub computes whether it can be merged
 */
export async function mergePullRequest(
  options: MergeOptions,
  installationId: number,
  target: Target,
): Promise<MergeOutcome> {
  const first = await attempt(options, installationId, target, FIRST_METHOD);
  if (first.sha) return { kind: 'merged', sha: first.sha };
  const view = await readPullRequest(options.client, installationId, target);
  if (view.state === 'MERGED') return { kind: 'merged', sha: mergedSha(view, target) };
  if (view.inMergeQueue) return { kind: 'queued' };
  throwIfUnmergeable(view, target);
  if (view.hasMergeQueue) return enqueue(options, installationId, target);
  const method = view.methods.find((allowed) => allowed !== FIRST_METHOD);
  if (view.methods.includes(FIRST_METHOD) || !method) throw blocked(target, quoteProblems(first.problems));
  const second = await attempt(options, installationId, target, method);
  if (second.sha) return { kind: 'merged', sha: second.sha };
  throw blocked(target, quoteProblems(second.problems));
}

/** GitHub takes it into the queue only once it meets the branch's rules, its required checks among them. */
async function enqueue(
  { client, writeBudget }: MergeOptions,
  installationId: number,
  target: Target,
): Promise<MergeOutcome> {
  await spendWrites(writeBudget, installationId, 1);
  const action = `put pull request ${target.number} of "${fullName(target.repository)}" into the merge queue`;
  const input = { pullRequestId: target.nodeId };
  const { data, problems } = await client.graphql<{ enqueue: { mergeQueueEntry: object | null } | null }>(
    installationId,
    { ...composeMutation('Enqueue', [{ alias: 'enqueue', field: ENQUEUE_FIELD, input }]), action },
  );
  if (problems.some((problem) => kindOfProblem(problem) === 'busy')) throw mapGraphqlProblems(problems, action);
  if (data.enqueue?.mergeQueueEntry) return { kind: 'queued' };
  throw blocked(target, quoteProblems(problems));
}

async function attempt(
  { client, writeBudget }: MergeOptions,
  installationId: number,
  target: Target,
  mergeMethod: MergeMethod,
): Promise<{ sha?: string; problems: GraphqlProblem[] }> {
  await spendWrites(writeBudget, installationId, 1);
  const action = `merge pull request ${target.number} of "${fullName(target.repository)}"`;
  const input = { pullRequestId: target.nodeId, mergeMethod };
  const { data, problems } = await client.graphql<Answer>(installationId, {
    ...composeMutation('Merge', [{ alias: 'merge', field: MERGE_FIELD, input }]),
    action,
  });
  if (problems.some((problem) => kindOfProblem(problem) === 'busy')) throw mapGraphqlProblems(problems, action);
  const sha = data.merge?.pullRequest?.mergeCommit?.oid;
  return sha ? { sha, problems } : { problems };
}

function throwIfUnmergeable(view: PullRequestView, target: Target): void {
  const what = `pull request ${target.number} of "${fullName(target.repository)}"`;
  if (view.state === 'CLOSED') throw blocked(target, 'it is closed');
  if (view.mergeable === 'UNKNOWN') {
    throw new RetryLaterError(`Cannot merge ${what}: GitHub computes whether it can be merged`, OUTAGE_WAIT_MS);
  }
  if (view.mergeable !== 'CONFLICTING') return;
  throw new UserError(
    'merge-conflict',
    `Cannot merge ${what}: it conflicts with the default branch, expected no conflict`,
    'Close the pull request and give the command again; it is then made anew from the default branch.',
  );
}

function mergedSha(view: PullRequestView, target: Target): string {
  if (view.mergeSha) return view.mergeSha;
  throw new RetryLaterError(`Cannot merge pull request ${target.number}: its commit is not shown yet`, OUTAGE_WAIT_MS);
}

function blocked(target: Target, quoted: string): UserError {
  return new UserError(
    'merge-blocked',
    `Cannot merge pull request ${target.number} of "${fullName(target.repository)}": GitHub refuses it (${quoted}), expected it to be mergeable`,
    'Merge it by hand, or allow the App to merge in the branch rules of the deployments repository.',
  );
}
