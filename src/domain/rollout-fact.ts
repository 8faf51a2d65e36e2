import type { ToolSummary } from './hosted-server.ts';
import type { PullRequestRef, ReportIds, Rollout, RolloutFailure, RolloutStage } from './rollout.ts';

/** Something that happened to a rollout: heard from outside, or the outcome of an effect. */
export type RolloutFact =
  | { kind: 'reported'; reports: ReportIds; stage: RolloutStage }
  | { kind: 'setup-proposed'; pullRequest: PullRequestRef }
  /** `failure`: what was merged, or stands beside it, cannot be built. */
  | { kind: 'setup-merged'; changes: Partial<Rollout>; failure?: RolloutFailure }
  | { kind: 'build-dispatched'; runId: number; url: string }
  | { kind: 'build-succeeded'; digest: string }
  | { kind: 'build-silent' }
  | {
      kind: 'proposed';
      proposal: NonNullable<Rollout['proposal']>;
      overlay?: Rollout['overlay'];
      unsetSecrets: readonly string[];
    }
  | { kind: 'unchanged'; headSha: string; overlay?: Rollout['overlay'] }
  | {
      kind: 'merged';
      sha: string;
      by: string | null;
      /** Given when the effect itself found its pull request merged. */
      found?: { proposal: NonNullable<Rollout['proposal']>; overlay?: Rollout['overlay'] };
    }
  | { kind: 'merge-blocked' }
  /** It is in the branch's merge queue, which merges it once the checks of its group are through. */
  | { kind: 'merge-queued' }
  /** It left the merge queue without a merge. */
  | { kind: 'dequeued' }
  /** The check of its pull request is through, which branch protection may have waited for. */
  | { kind: 'checks-passed' }
  | { kind: 'closed'; by: string | null }
  | { kind: 'still-open' }
  /** Values were set or unset while its pull request waits. */
  | { kind: 'secrets-changed'; unsetSecrets: readonly string[] }
  | { kind: 'refreshed' }
  | { kind: 'synced' }
  | { kind: 'not-synced'; because: string; uncoveredRevision?: string }
  | { kind: 'secrets-missing'; names: string[]; message: string; hint: string }
  | { kind: 'verified'; protocolVersion: string; tools: ToolSummary[]; toolCount: number }
  | { kind: 'not-verified'; reason: string }
  | { kind: 'superseded'; reason: string }
  | { kind: 'recovered' }
  | { kind: 'failed'; failure: RolloutFailure };
