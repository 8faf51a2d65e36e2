import { applyFact, canRecover, failByDeadline } from '../domain/decide-rollout.ts';
import { dueEffect, pauseAfter, pauseBeforeRetry, type RolloutEffect } from '../domain/due-effect.ts';
import { hostedServerChange, versionChange } from '../domain/hosted-server-change.ts';
import { isEnded, isSettled, type Rollout } from '../domain/rollout.ts';
import type { RolloutFact } from '../domain/rollout-fact.ts';
import { asNewest, sameComment, supersedes } from '../domain/supersede-rollouts.ts';
import { UserError } from '../domain/user-error.ts';
import { RetryLaterError } from '../ports/retry-later.ts';
import { performEffect } from './effects/perform-effect.ts';
import type { Platform } from './platform.ts';
import { settledStatus } from './settled-status.ts';

/** More steps than any rollout has: a decider that runs in a circle is stopped and logged. */
const STEPS_MAX = 40;

/**
 * Brings every rollout of a server that is not settled as far as it can go now. One call at a time for a server; safe to
 * call at any time, after any crash, any number of times.
 */
export function advanceServer(platform: Platform, serverId: string): Promise<void> {
  return platform.serverLock.withLock(`server:${serverId}`, async () => {
    const newest = await platform.rollouts.newest(serverId);
    if (!newest) return;
    const rollouts = await supersede(platform, await platform.rollouts.unfinished(serverId), newest);
    if (rollouts.length === 0) await recover(platform, newest);
    for (const [index, rollout] of rollouts.entries()) {
      const isBlocked = rollouts.slice(0, index).some((earlier) => waitsFor(rollout, earlier));
      if (!isBlocked) rollouts[index] = await advance(platform, rollout, speakerOf(rollouts, newest));
    }
  });
}

/** Applies a fact that was heard from outside, and brings the server forward. Unknown and late facts change nothing. */
export function recordFact(platform: Platform, serverId: string, rolloutId: string, fact: RolloutFact): Promise<void> {
  return platform.serverLock.withLock(`server:${serverId}`, async () => {
    const rollout = await platform.rollouts.read(rolloutId);
    if (!rollout) return;
    const newest = (await platform.rollouts.newest(serverId)) ?? rollout;
    const applied = applyFact(rollout, fact, platform.now());
    const isLate = isMergedAfterAll(rollout, applied) && rollout.id !== newest.id && newest.merge !== undefined;
    if (isLate && (await isContained(platform, applied, newest))) return;
    // A deleted server is not brought back: its row, key and address are gone.
    if (isLate && newest.kind !== 'delete') {
      await save(platform, rollout, asNewest(applied, newest, platform.now()), rollout.id);
    } else {
      const speaker = speakerOf(await platform.rollouts.unfinished(serverId), newest);
      await save(platform, rollout, applied, speaker);
    }
    await platform.queue.advance(serverId);
  });
}

/** A cancelled rollout whose pull request was merged all the same. */
function isMergedAfterAll(before: Rollout, after: Rollout): boolean {
  return before.stage === 'cancelled' && before.merge === undefined && after.merge !== undefined;
}

/** Whether the newest one was merged on top of what was only heard late. */
async function isContained(platform: Platform, { merge }: Rollout, newest: Rollout): Promise<boolean> {
  return platform.proposals.contains(merge?.sha ?? '', newest.merge?.sha ?? '');
}

/**
 * Which rollout speaks for the row and in the sticky comment: the newest, or the one before it in the same comment that
 * is still under way. Once people were told that the newest came to nothing, the one that goes on speaks again.
 */
function speakerOf(unfinished: readonly Rollout[], newest: Rollout): string {
  const before = unfinished.find((rollout) => !isEnded(rollout) && sameComment(rollout, newest));
  const cameToNothing = isSettled(newest) && newest.stage !== 'succeeded';
  const goesOn = cameToNothing ? unfinished.findLast(({ stage }) => stage !== 'cancelled') : undefined;
  return (before ?? goesOn ?? newest).id;
}

/** Commands of one comment run in order: each waits for the one before it. */
function waitsFor(rollout: Rollout, earlier: Rollout): boolean {
  return !isEnded(earlier) && sameComment(rollout, earlier);
}

async function supersede(platform: Platform, rollouts: Rollout[], newest: Rollout): Promise<Rollout[]> {
  return Promise.all(
    rollouts.map(async (rollout) => {
      const by = [...rollouts, newest].find((other) => supersedes(other, rollout));
      if (!by) return rollout;
      const fact: RolloutFact = { kind: 'superseded', reason: reasonOf(rollout, by) };
      const cancelled = applyFact(rollout, fact, platform.now());
      if (rollout.build && rollout.stage === 'building') await cancelBuild(platform, rollout, rollout.build.runId);
      return save(platform, rollout, cancelled, newest.id);
    }),
  );
}

function reasonOf({ serverId, merge }: Rollout, by: Rollout): string {
  if (merge && by.kind === 'delete' && isEnded(by)) {
    return `It was merged after the server was deleted. Remove servers/${serverId}/ from the deployments repository; /host makes a new server.`;
  }
  return `It was replaced by ${by.kind === 'deploy' ? `the deployment of ${by.source.commitSha.slice(0, 7)}` : `/${by.kind}`}.`;
}

/** Best effort: a build that nobody waits for only costs minutes. */
async function cancelBuild(platform: Platform, rollout: Rollout, runId: number): Promise<void> {
  const { installationId, repository } = rollout.source;
  await platform.builds.cancel(installationId, repository, runId).catch((error: unknown) => {
    platform.log.warn({ error, rollout: rollout.id, runId }, 'Build of a superseded rollout could not be cancelled');
  });
}

/** A rollout that failed after its merge goes on once its cause is gone. */
async function recover(platform: Platform, newest: Rollout): Promise<void> {
  if (!canRecover(newest)) return;
  const application = await platform.applications.read(newest.serverId);
  if (application?.syncStatus !== 'Synced' || application.healthStatus !== 'Healthy') return;
  await save(platform, newest, applyFact(newest, { kind: 'recovered' }, platform.now()), newest.id);
  await platform.queue.advance(newest.serverId);
}

async function advance(platform: Platform, start: Rollout, speaker: string): Promise<Rollout> {
  let rollout = start;
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const effect = dueEffect(rollout, platform.now());
    if (effect.kind === 'wait') {
      if (effect.forMs !== null) await platform.queue.advance(rollout.serverId, effect.forMs);
      return rollout;
    }
    if (effect.kind === 'fail-by-deadline') {
      rollout = await save(platform, rollout, failByDeadline(rollout, platform.now()), speaker);
      continue;
    }
    rollout = await save(platform, rollout, begin(rollout, effect), speaker);
    const fact = await attempt(platform, rollout, effect, speaker);
    if (fact.kind === 'retry') {
      await platform.queue.advance(rollout.serverId, pauseBeforeRetry(fact.afterMs, rollout.begun?.tries ?? 1));
      return rollout;
    }
    rollout = await save(platform, rollout, applyFact(rollout, fact, platform.now()), speaker);
    const pauseMs = pauseAfter(fact);
    if (pauseMs !== undefined) {
      await platform.queue.advance(rollout.serverId, pauseMs);
      return rollout;
    }
  }
  throw new Error(`Cannot advance rollout ${start.id}: it took ${STEPS_MAX} steps without a wait, expected an end`);
}

/** Counts the try before it is made, so that after a crash the next one knows that it may have had its effect. */
function begin(rollout: Rollout, effect: RolloutEffect): Rollout {
  const tries = rollout.begun?.effect === effect.kind ? rollout.begun.tries + 1 : 1;
  return { ...rollout, begun: { effect: effect.kind, tries } };
}

type Outcome = RolloutFact | { kind: 'retry'; afterMs: number };

async function attempt(
  platform: Platform,
  rollout: Rollout,
  effect: Exclude<RolloutEffect, { kind: 'wait' } | { kind: 'fail-by-deadline' }>,
  speaker: string,
): Promise<Outcome> {
  const fields = { rollout: rollout.id, server: rollout.serverId, effect: effect.kind, tries: rollout.begun?.tries };
  try {
    const fact = await performEffect(platform, rollout, effect, speaker === rollout.id);
    platform.log.debug({ ...fields, fact: fact.kind }, 'Effect carried out');
    return fact;
  } catch (error) {
    if (error instanceof RetryLaterError) {
      platform.log.warn({ ...fields, reason: error.message, afterMs: error.afterMs }, 'Effect is tried again later');
      return { kind: 'retry', afterMs: error.afterMs };
    }
    if (error instanceof UserError) return refusal(platform, rollout, effect, error);
    throw error;
  }
}

function refusal(platform: Platform, rollout: Rollout, effect: RolloutEffect, error: UserError): RolloutFact {
  const { code, message, hint } = error;
  platform.log.warn({ rollout: rollout.id, effect: effect.kind, code, reason: message }, 'Effect was refused');
  if (effect.kind === 'report') return { kind: 'reported', reports: {}, stage: rollout.stage };
  return { kind: 'failed', failure: { code, message, hint } };
}

/** Only the speaker tells the row how the server stands; what another one merged or verified is told when it happens. */
async function save(platform: Platform, before: Rollout, rollout: Rollout, speaker: string): Promise<Rollout> {
  const speaks = rollout.id === speaker;
  const settled = speaks && isEnded(rollout) ? await settledStatus(platform, rollout.serverId) : null;
  const happened = before.stage !== rollout.stage && (rollout.stage === 'syncing' || rollout.stage === 'succeeded');
  const silent = happened ? versionChange(rollout) : {};
  await platform.rollouts.save(rollout, speaks ? hostedServerChange(rollout, settled) : silent);
  return rollout;
}
