import { assertNever } from '../domain/assert-never.ts';
import { shortDigest } from '../domain/reports/state-table.ts';
import { countTools, type KnownTools } from '../domain/reports/tool-count.ts';
import { fullName } from '../domain/repository.ts';
import type { PullRequestRef, Rollout, RolloutStage } from '../domain/rollout.ts';

/** How a rollout stands, as far as the terminal tells of it: what the API gives of a `Rollout`. */
export interface RolloutProgress
  extends Pick<
    Rollout,
    | 'id'
    | 'kind'
    | 'stage'
    | 'triggeredAt'
    | 'stages'
    | 'mergePolicy'
    | 'digest'
    | 'failure'
    | 'cancelReason'
    | 'setupPullRequest'
  > {
  serverId: string;
  source: { commitSha: string };
  proposal?: PullRequestRef;
  merge?: { by: string | null };
  verification?: KnownTools;
  missingSecrets?: { names: string[]; message: string; hint: string };
}

/** What the line of a stage says when it is over. */
export function endedStageWords(progress: RolloutProgress, stage: RolloutStage): { label: string; detail: string } {
  switch (stage) {
    case 'accepted':
      return { label: 'accepted', detail: progress.serverId };
    case 'setup':
      return { label: 'set up', detail: pullRequestName(progress.setupPullRequest) };
    case 'building':
      return { label: 'built', detail: progress.digest ? shortDigest(progress.digest) : '' };
    case 'proposing':
      return { label: 'proposed', detail: pullRequestName(progress.proposal) };
    case 'proposed':
      return { label: progress.merge?.by ? `merged by @${progress.merge.by}` : 'merged', detail: '' };
    case 'syncing':
      return { label: 'synced', detail: progress.kind === 'delete' ? 'removed' : 'Healthy' };
    case 'verifying':
      return { label: 'verified', detail: toolNames(progress.verification ?? { tools: [] }) };
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return { label: stage, detail: '' };
    default:
      return assertNever(stage);
  }
}

/** `2 tools: greet, add`. */
export function toolNames(known: KnownTools): string {
  const names = known.tools.map(({ name }) => name).join(', ');
  return `${countTools(known)}${names ? `: ${names}` : ''}`;
}

/** `owner/name#41`. */
export function pullRequestName(pullRequest: PullRequestRef | undefined): string {
  return pullRequest ? `${fullName(pullRequest.repository)}#${pullRequest.number}` : '';
}
