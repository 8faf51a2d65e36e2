import { deploymentBranch } from '../../domain/branch-names.ts';
import type { DeploymentsSnapshot } from '../../domain/deployments-snapshot.ts';
import { parseRolloutMarker, rolloutMarker } from '../../domain/reports/markers.ts';
import type { RepositoryName } from '../../domain/repository.ts';
import type { ProposalOutcome, ProposalRequest, Proposals } from '../../ports/github.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import { boundedText } from './bounded-text.ts';
import { createCommitContains } from './commit-contains.ts';
import type { GitHubClient } from './github-client.ts';
import { BODY_CHARACTERS_MAX } from './github-limits.ts';
import type { InstallationIds } from './installation-ids.ts';
import { mergePullRequest } from './merge-pull-request.ts';
import type { DeploymentsRead } from './parse-deployments.ts';
import { type BranchState, type Files, planBranch, sameFiles } from './plan-branch.ts';
import { readPullRequest } from './read-pull-request.ts';
import type { SnapshotReader } from './snapshots.ts';
import { BRANCH_WRITES_MAX, type BranchTarget, closePullRequest, lostRace, writeBranch } from './write-branch.ts';

interface ProposalOptions {
  client: GitHubClient;
  installations: InstallationIds;
  deploymentsRepository: RepositoryName;
  snapshots: SnapshotReader;
  writeBudget: WriteBudget;
}

export function createProposals(options: ProposalOptions): Proposals {
  const { client, installations } = options;
  return {
    propose: (request, retry) => propose(options, request, retry),
    async merge(pullRequest) {
      const installationId = await installations.require(pullRequest.repository);
      return mergePullRequest(options, installationId, pullRequest);
    },
    async readPullRequest(pullRequest) {
      const installationId = await installations.require(pullRequest.repository);
      const view = await readPullRequest(client, installationId, pullRequest);
      const { state, mergeSha, mergedBy, closedBy, inMergeQueue } = view;
      return { state, mergeSha, mergedBy, closedBy, inMergeQueue };
    },
    contains: createCommitContains(options),
  };
}

async function propose(options: ProposalOptions, request: ProposalRequest, retry: boolean): Promise<ProposalOutcome> {
  let snapshot: DeploymentsRead = retry ? await options.snapshots.readDeployments(request.serverId) : request.snapshot;
  const earlier = retry ? outcomeOfEarlierTry(snapshot, request) : undefined;
  if (earlier) return earlier;
  for (let write = 1; ; write += 1) {
    const target = targetOf(snapshot, request);
    const plan = planBranch(stateOf(snapshot, request.serverId), pathsOf(request.serverId, request.files));
    if (plan.kind === 'unchanged') {
      if (plan.closePullRequestId) await closePullRequest(options, target, plan.closePullRequestId);
      return { kind: 'unchanged', headSha: snapshot.headSha };
    }
    const written = await writeBranch(options, target, plan);
    if (written.kind === 'written') {
      return { kind: 'opened', pullRequest: written.pullRequest, branchHeadSha: written.branchHeadSha };
    }
    if (write === BRANCH_WRITES_MAX) throw lostRace(target, written);
    snapshot = await options.snapshots.readDeployments(request.serverId);
  }
}

/**
 * A pull request of this very rollout that people have merged or closed before the bot heard that it was made. A closed
 * one is returned as it is, and not made again: the rollout learns of it by `readPullRequest`.
 */
function outcomeOfEarlierTry(snapshot: DeploymentsSnapshot, request: ProposalRequest): ProposalOutcome | undefined {
  const made = snapshot.pullRequest;
  if (!made || parseRolloutMarker(made.body) !== request.rolloutId) return undefined;
  const { repository, number, url, nodeId } = made;
  const pullRequest = { repository, number, url, nodeId };
  if (made.state === 'CLOSED') return { kind: 'opened', pullRequest, branchHeadSha: made.headSha };
  if (made.state === 'MERGED' && made.mergeSha && sameFiles(snapshot.overlay, request.files)) {
    return { kind: 'merged', pullRequest, mergeSha: made.mergeSha, mergedBy: made.mergedBy };
  }
  return undefined;
}

function targetOf(snapshot: DeploymentsSnapshot, request: ProposalRequest): BranchTarget {
  const { installationId, repository, repositoryNodeId, defaultBranch } = snapshot;
  return {
    installationId,
    repository,
    repositoryNodeId,
    defaultBranch,
    branch: deploymentBranch(request.serverId),
    title: request.title,
    body: withMarker(request.body, request.rolloutId),
    message: request.message,
  };
}

/** The marker stays the last line, also of a body that must be cut. */
function withMarker(body: string, rolloutId: string): string {
  const marker = rolloutMarker(rolloutId);
  const text = parseRolloutMarker(body) === undefined ? body : body.slice(0, body.lastIndexOf('<!--'));
  return `${boundedText(text.trimEnd(), BODY_CHARACTERS_MAX - marker.length - 2)}\n\n${marker}`;
}

function stateOf(snapshot: DeploymentsRead, serverId: string): BranchState {
  const { branch, pullRequest } = snapshot;
  return {
    headSha: snapshot.headSha,
    base: pathsOf(serverId, snapshot.overlay),
    branch: branch && { ...branch, files: pathsOf(serverId, branch.overlay) },
    openPullRequestId: pullRequest?.state === 'OPEN' ? pullRequest.nodeId : null,
  };
}

function pathsOf(serverId: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`servers/${serverId}/${name}`, text]));
}
