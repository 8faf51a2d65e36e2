import { assertNever } from './assert-never.ts';
import { deadlineFailure } from './deadline-failure.ts';
import { isEnded, type Rollout, type RolloutStage } from './rollout.ts';
import type { RolloutFact } from './rollout-fact.ts';
import {
  BUILD_DEADLINE_MS,
  GITHUB_DEADLINE_MS,
  RECOVERIES_MAX,
  REPORT_DEADLINE_MS,
  SYNC_DEADLINE_MS,
  VERIFY_DEADLINE_MS,
} from './rollout-limits.ts';

/** Where a stage waits for a person, its bound ends with what is to be done before: see `withoutDeadline`. */
const DEADLINES_MS: Record<RolloutStage, number> = {
  accepted: GITHUB_DEADLINE_MS,
  setup: GITHUB_DEADLINE_MS,
  building: BUILD_DEADLINE_MS,
  proposing: GITHUB_DEADLINE_MS,
  proposed: GITHUB_DEADLINE_MS,
  syncing: SYNC_DEADLINE_MS,
  verifying: VERIFY_DEADLINE_MS,
  succeeded: REPORT_DEADLINE_MS,
  failed: REPORT_DEADLINE_MS,
  cancelled: REPORT_DEADLINE_MS,
};

/**
 * The rollout after a fact. Facts that come late, twice or out of order leave it as it is: an ended rollout stays ended
 * (but for `recovered`, a merge in spite of its cancellation, and its own report), and no stage is gone back to.
 */
export function applyFact(rollout: Rollout, fact: RolloutFact, now: Date): Rollout {
  switch (fact.kind) {
    case 'reported':
      return applyReport(rollout, fact, now);
    case 'setup-proposed':
      return rollout.stage === 'setup'
        ? settle(withoutDeadline({ ...rollout, setupPullRequest: fact.pullRequest }))
        : rollout;
    case 'setup-merged': {
      if (rollout.stage !== 'setup') return rollout;
      const { reportedStage: _, ...rest } = rollout;
      const merged: Rollout = { ...rest, ...fact.changes, needsSetup: false };
      return fact.failure ? enter({ ...merged, failure: fact.failure }, 'failed', now) : enter(merged, 'accepted', now);
    }
    case 'build-dispatched':
      return rollout.stage === 'building'
        ? settle({ ...rollout, build: { runId: fact.runId, url: fact.url }, polledAt: now.toISOString() })
        : rollout;
    case 'build-succeeded':
      return rollout.stage === 'building' ? enter({ ...rollout, digest: fact.digest }, 'proposing', now) : rollout;
    case 'build-silent':
    case 'still-open':
      return settle({ ...rollout, polledAt: now.toISOString() });
    case 'proposed':
      if (rollout.stage !== 'proposing') return rollout;
      return enterProposed(
        withoutSnapshot({
          ...withOverlay(rollout, fact.overlay),
          proposal: fact.proposal,
          unsetSecrets: fact.unsetSecrets,
        }),
        now,
      );
    case 'secrets-changed':
      return rollout.stage === 'proposed' ? withUnset(rollout, fact.unsetSecrets) : rollout;
    case 'unchanged':
      if (rollout.stage !== 'proposing') return rollout;
      return enter(
        withoutSnapshot({ ...withOverlay(rollout, fact.overlay), merge: { sha: fact.headSha, by: null } }),
        'syncing',
        now,
      );
    case 'merged':
      return applyMerge(rollout, fact, now);
    case 'merge-blocked':
      return rollout.stage === 'proposed' ? settle(leftToPeople({ ...rollout, mergeBlocked: true })) : rollout;
    case 'merge-queued':
      return rollout.stage === 'proposed' ? settle(leftToQueue(rollout, now)) : rollout;
    case 'dequeued':
      return rollout.stage === 'proposed' && rollout.mergeQueued ? settle(leftByQueue(rollout)) : rollout;
    case 'checks-passed':
      return rollout.stage === 'proposed' && rollout.mergeBlocked ? settle(leftToBot(rollout, now)) : rollout;
    case 'closed':
      return applyClose(rollout, fact.by, now);
    case 'refreshed':
      return settle({ ...rollout, refreshed: true });
    case 'synced':
      if (rollout.stage !== 'syncing') return rollout;
      return enter(rollout, rollout.kind === 'deploy' || rollout.kind === 'start' ? 'verifying' : 'succeeded', now);
    case 'not-synced': {
      const going = rollout.missingSecrets ? withSecrets(rollout, now) : rollout;
      return settle({
        ...going,
        lastProblem: fact.because,
        ...(fact.uncoveredRevision ? { uncoveredRevision: fact.uncoveredRevision } : {}),
      });
    }
    case 'secrets-missing':
      return rollout.stage === 'syncing' ? settle(withoutSecrets(rollout, fact)) : rollout;
    case 'verified':
      if (rollout.stage !== 'verifying') return rollout;
      return enter({ ...rollout, verification: verificationOf(fact) }, 'succeeded', now);
    case 'not-verified':
      return settle({ ...rollout, lastProblem: fact.reason });
    case 'superseded':
      return isEnded(rollout) ? rollout : enter({ ...rollout, cancelReason: fact.reason }, 'cancelled', now);
    case 'recovered': {
      if (!canRecover(rollout)) return rollout;
      const { failure: _, ...rest } = rollout;
      return enter(rest, 'syncing', now);
    }
    case 'failed':
      return isEnded(rollout) ? rollout : enter({ ...rollout, failure: fact.failure }, 'failed', now);
    default:
      return assertNever(fact);
  }
}

/**
 * A rollout that failed after its merge goes on when the Application becomes healthy: a Secret was set, a quota freed.
 * One whose endpoint did not answer is left, or a dead route would make it fail again and again; so is one that failed
 * often, since a server that crashes every hour is healthy in between.
 */
export function canRecover(rollout: Rollout): boolean {
  if (rollout.stage !== 'failed' || rollout.merge === undefined) return false;
  const failures = rollout.stages.filter(({ stage }) => stage === 'failed').length;
  return rollout.failure?.code !== 'verify-timed-out' && failures <= RECOVERIES_MAX;
}

/**
 * What follows where the time of a stage is up: failure; but people may still merge what the bot could not, and an end
 * that nobody could be told of is let go.
 */
export function failByDeadline(rollout: Rollout, now: Date): Rollout {
  if (isEnded(rollout)) return settle({ ...rollout, reportedStage: rollout.stage });
  if (rollout.stage === 'proposed') return settle(leftToPeople(rollout));
  return enter({ ...rollout, failure: deadlineFailure(rollout) }, 'failed', now);
}

/** Puts the rollout in a stage: its clock starts, its tries begin anew. */
function enter(rollout: Rollout, stage: RolloutStage, now: Date): Rollout {
  const { lastProblem: _, missingSecrets: __, ...rest } = settle(rollout);
  return {
    ...rest,
    stage,
    stages: [...rollout.stages, { stage, at: now.toISOString() }],
    polledAt: now.toISOString(),
    deadlineAt: deadlineOf(stage, now),
  };
}

function deadlineOf(stage: RolloutStage, now: Date): string {
  return new Date(now.getTime() + DEADLINES_MS[stage]).toISOString();
}

function enterProposed(rollout: Rollout, now: Date): Rollout {
  const proposed = enter(rollout, 'proposed', now);
  return proposed.mergePolicy === 'review' ? withoutDeadline(proposed) : proposed;
}

/** Who merges is told anew, where there is something else to tell. */
function withUnset({ reportedStage, ...rollout }: Rollout, unsetSecrets: readonly string[]): Rollout {
  const same = unsetSecrets.join() === (rollout.unsetSecrets ?? []).join();
  return { ...rollout, ...(same && reportedStage ? { reportedStage } : {}), unsetSecrets };
}

function leftToPeople(rollout: Rollout): Rollout {
  return withoutDeadline({ ...rollout, mergePolicy: 'review' });
}

/** The queue has its own limits of time, and takes out what does not get through. */
function leftToQueue({ reportedStage: _, ...rollout }: Rollout, now: Date): Rollout {
  return withoutDeadline({ ...rollout, mergeQueued: true, polledAt: now.toISOString() });
}

/** Somebody has to look why: people are told that it waits for them, unless its checks pass anew. */
function leftByQueue({ mergeQueued: _, reportedStage: __, ...rollout }: Rollout): Rollout {
  return leftToPeople({ ...rollout, mergeBlocked: true });
}

/** The bot tries once more to merge. */
function leftToBot({ mergeBlocked: _, ...rollout }: Rollout, now: Date): Rollout {
  return { ...rollout, mergePolicy: 'auto', deadlineAt: deadlineOf('proposed', now) };
}

/** What is left to do is a person's, who may take their time. */
function withoutDeadline(rollout: Rollout): Rollout {
  const { deadlineAt: _, ...rest } = rollout;
  return rest;
}

/** Somebody is to set them, and may take their time; new names are told anew. */
function withoutSecrets(rollout: Rollout, fact: Extract<RolloutFact, { kind: 'secrets-missing' }>): Rollout {
  const { names, message, hint } = fact;
  const known = rollout.missingSecrets;
  const told = known?.told === true && known.message === message;
  return withoutDeadline({ ...rollout, missingSecrets: { names, message, hint, told } });
}

/** They have come: the pods start now, and Argo CD has its full time again. */
function withSecrets(rollout: Rollout, now: Date): Rollout {
  const { missingSecrets: _, ...rest } = rollout;
  return { ...rest, deadlineAt: new Date(now.getTime() + DEADLINES_MS.syncing).toISOString() };
}

function applyReport(rollout: Rollout, fact: Extract<RolloutFact, { kind: 'reported' }>, now: Date): Rollout {
  const { missingSecrets } = rollout;
  const told = settle({
    ...rollout,
    ...(missingSecrets ? { missingSecrets: { ...missingSecrets, told: true } } : {}),
    reports: { ...rollout.reports, ...fact.reports },
    reportedStage: fact.stage,
  });
  return rollout.stage === 'accepted' && fact.stage === 'accepted' ? enter(told, stageAfterAccepted(told), now) : told;
}

function stageAfterAccepted(rollout: Rollout): RolloutStage {
  if (rollout.kind !== 'deploy') return 'proposing';
  if (rollout.needsSetup) return 'setup';
  return rollout.digest ? 'proposing' : 'building';
}

function verificationOf({ protocolVersion, tools, toolCount }: Extract<RolloutFact, { kind: 'verified' }>) {
  return { protocolVersion, tools, toolCount };
}

/** A merge heard of while the pull request is still being made is left to that effect, which finds it with its overlay. */
function applyMerge(rollout: Rollout, fact: Extract<RolloutFact, { kind: 'merged' }>, now: Date): Rollout {
  const expected =
    rollout.stage === 'proposed' || (rollout.stage === 'proposing' && fact.found) || isMergedAfterAll(rollout);
  if (!expected) return rollout;
  const { cancelReason: _, ...rest } = rollout;
  const merged: Rollout = { ...withOverlay(rest, fact.found?.overlay), merge: { sha: fact.sha, by: fact.by } };
  return enter(withoutSnapshot(fact.found ? { ...merged, proposal: fact.found.proposal } : merged), 'syncing', now);
}

/** Its pull request was closed and reopened, or merged before a newer rollout came to change it: it is what runs now. */
function isMergedAfterAll(rollout: Rollout): boolean {
  return rollout.stage === 'cancelled' && rollout.proposal !== undefined && rollout.merge === undefined;
}

function applyClose(rollout: Rollout, by: string | null, now: Date): Rollout {
  if (!['setup', 'proposing', 'proposed'].includes(rollout.stage)) return rollout;
  const who = by ? ` by @${by}` : '';
  const what = rollout.stage === 'setup' ? 'The setup pull request' : 'The deployment pull request';
  return enter({ ...rollout, cancelReason: `${what} was closed${who} without a merge.` }, 'cancelled', now);
}

/** What is started is known only now: a deployment of the same comment may have come in between. */
function withOverlay(rollout: Rollout, overlay: Rollout['overlay']): Rollout {
  if (!overlay) return rollout;
  return { ...rollout, overlay, ...(rollout.kind === 'start' ? { digest: overlay.digest } : {}) };
}

function withoutSnapshot(rollout: Rollout): Rollout {
  const { snapshot: _, ...rest } = rollout;
  return rest;
}

/** An effect had its outcome: the next one starts counting its tries from zero. */
function settle(rollout: Rollout): Rollout {
  const { begun: _, ...rest } = rollout;
  return rest;
}
