import { assertNever } from './assert-never.ts';
import { isEnded, type Rollout } from './rollout.ts';
import type { RolloutFact } from './rollout-fact.ts';
import {
  BUILD_POLL_MS,
  PROPOSAL_POLL_MS,
  RETRY_PAUSE_MS,
  RETRY_PAUSE_MS_MAX,
  SECRETS_POLL_MS,
  SYNC_POLL_MS,
  VERIFY_POLL_MS,
} from './rollout-limits.ts';

/** The next thing to do for a rollout, or how long to wait for a fact. */
export type RolloutEffect =
  | { kind: 'report' }
  | { kind: 'propose-setup' }
  | { kind: 'dispatch-build' }
  | { kind: 'poll-build' }
  | { kind: 'propose' }
  | { kind: 'merge' }
  | { kind: 'poll-proposal' }
  | { kind: 'refresh-application' }
  | { kind: 'observe' }
  | { kind: 'verify' }
  | { kind: 'fail-by-deadline' }
  | { kind: 'wait'; forMs: number | null };

/** What is due now. The stage alone says it, so that a restart does it again. */
export function dueEffect(rollout: Rollout, now: Date): RolloutEffect {
  if (isEnded(rollout) && rollout.reportedStage === rollout.stage) return wait(null);
  if (rollout.deadlineAt && now >= new Date(rollout.deadlineAt)) return { kind: 'fail-by-deadline' };
  if (isEnded(rollout)) return { kind: 'report' };
  switch (rollout.stage) {
    case 'accepted':
      return { kind: 'report' };
    case 'setup':
      if (!rollout.setupPullRequest) return { kind: 'propose-setup' };
      return rollout.reportedStage === 'setup' ? wait(null) : { kind: 'report' };
    case 'building':
      if (!rollout.build) return { kind: 'dispatch-build' };
      return silentFor(rollout, now, BUILD_POLL_MS) ? { kind: 'poll-build' } : wait(BUILD_POLL_MS);
    case 'proposing':
      return { kind: 'propose' };
    case 'proposed':
      if (rollout.mergePolicy === 'auto' && !rollout.mergeQueued) return { kind: 'merge' };
      if (rollout.reportedStage !== 'proposed') return { kind: 'report' };
      return silentFor(rollout, now, PROPOSAL_POLL_MS) ? { kind: 'poll-proposal' } : wait(PROPOSAL_POLL_MS);
    case 'syncing':
      if (rollout.missingSecrets?.told === false) return { kind: 'report' };
      return rollout.refreshed ? { kind: 'observe' } : { kind: 'refresh-application' };
    case 'verifying':
      return { kind: 'verify' };
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return wait(null);
    default:
      return assertNever(rollout.stage);
  }
}

/** How long to wait after an effect that told that the world is not there yet. */
export function pauseAfter(fact: RolloutFact): number | undefined {
  if (fact.kind === 'not-synced') return SYNC_POLL_MS;
  if (fact.kind === 'secrets-missing') return SECRETS_POLL_MS;
  if (fact.kind === 'not-verified') return VERIFY_POLL_MS;
  return undefined;
}

/** How long to wait before the next try of an effect: what the outside system said, and longer the more tries it had. */
export function pauseBeforeRetry(afterMs: number, tries: number): number {
  return Math.max(afterMs, Math.min(RETRY_PAUSE_MS * 2 ** (tries - 1), RETRY_PAUSE_MS_MAX));
}

function silentFor(rollout: Rollout, now: Date, ms: number): boolean {
  return rollout.polledAt === undefined || now.getTime() - new Date(rollout.polledAt).getTime() >= ms;
}

function wait(forMs: number | null): RolloutEffect {
  return { kind: 'wait', forMs };
}
