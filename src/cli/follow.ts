import { setTimeout as delay } from 'node:timers/promises';
import { describeStage } from '../domain/reports/describe-stage.ts';
import { plainLine } from '../domain/reports/escape-markdown.ts';
import { type StageTime, stageTimes } from '../domain/reports/stage-times.ts';
import { isEnded, type PullRequestRef } from '../domain/rollout.ts';
import { UserError } from '../domain/user-error.ts';
import { failureLines } from './failure-lines.ts';
import { endedStageWords, type RolloutProgress } from './rollout-progress.ts';
import type { StageLines } from './stage-lines.ts';

export interface FollowOptions {
  /** How the rollout stands now; undefined while there is none. Errors but `UserError` are outages and tried again. */
  read(): Promise<RolloutProgress | undefined>;
  lines: Pick<StageLines, 'start' | 'succeed' | 'fail' | 'note'>;
  /** Merges what waits for a person. Absent: following ends there, with the rollout as it stands. */
  merge?(pullRequest: PullRequestRef): Promise<void>;
  /** What was heard instead of a rollout, such as a refusal; throws to end the waiting. */
  whileAbsent?(): Promise<void>;
  sleep?: (ms: number) => Promise<unknown>;
  now?: () => Date;
  pollMs?: number;
  absentMsMax?: number;
}

/** Often enough that a stage of a tenth of a second is shown when it happens, seldom enough for an API far away. */
const POLL_MS = 250;
/** What is read of a long note; `mcp-hosting status` has the rest. */
const NOTE_CHARS_MAX = 1_000;
/** A command that nothing came of in this time was not heard. */
const ABSENT_MS_MAX = 60_000;
/** An API that does not answer for so long is down; a restart of the bot takes seconds. */
const OUTAGE_MS_MAX = 60_000;

/**
 * Follows a rollout to its end and prints a line per stage as each is over.
 * @returns the rollout at its end, or at `proposed`/`setup` where it waits for a person and `merge` is absent
 * @throws UserError `rollout-absent`, `rollout-superseded`, `api-unreachable`, and what `merge` and `whileAbsent` throw
 */
export async function followRollout(options: FollowOptions): Promise<RolloutProgress> {
  const { lines, merge, sleep = delay, now = () => new Date(), pollMs = POLL_MS } = options;
  const merged = new Set<string>();
  const read = tolerantReader(options, now);
  const startedMs = now().getTime();
  let last: { id: string; printed: number } | undefined;
  let toldMissing: string | undefined;
  const tellMissing = ({ missingSecrets }: RolloutProgress): void => {
    if (missingSecrets && missingSecrets.message !== toldMissing) {
      lines.note(
        `   ${plainLine(`${missingSecrets.message} ${missingSecrets.hint}`, NOTE_CHARS_MAX).replaceAll('`', '')}`,
      );
    }
    toldMissing = missingSecrets?.message;
  };
  for (;;) {
    const progress = await read();
    if (progress) {
      const printed = last?.id === progress.id ? last.printed : 0;
      last = { id: progress.id, printed: printEndedStages(lines, progress, printed, now()) };
      if (isEnded(progress)) return progress;
      tellMissing(progress);
      lines.start(describeStage(progress, progress.stage).doing);
      const waiting = waitsFor(progress);
      if (waiting && !merge) return progress;
      if (waiting && merge && !merged.has(waiting.url)) {
        await merge(waiting);
        merged.add(waiting.url);
      }
    } else if (last) {
      throw superseded();
    } else {
      await options.whileAbsent?.();
      if (now().getTime() - startedMs > (options.absentMsMax ?? ABSENT_MS_MAX)) throw absent();
    }
    await sleep(pollMs);
  }
}

/** The pull request that a person must merge for the rollout to go on. */
export function waitsFor(progress: RolloutProgress): PullRequestRef | undefined {
  if (progress.stage === 'setup') return progress.setupPullRequest;
  return progress.stage === 'proposed' && progress.mergePolicy === 'review' ? progress.proposal : undefined;
}

function printEndedStages(
  lines: FollowOptions['lines'],
  progress: RolloutProgress,
  printed: number,
  now: Date,
): number {
  const times = stageTimes(progress, now);
  const over = times.filter(({ running }) => !running);
  for (const [index, { stage, durationMs }] of over.entries()) {
    if (index < printed) continue;
    const { label, detail } = endedStageWords(progress, stage);
    const broke = index === over.length - 1 && isEnded(progress) && progress.stage !== 'succeeded';
    if (broke) printBroken(lines, progress, { stage, durationMs });
    else lines.succeed({ label, durationMs, detail });
  }
  return Math.max(printed, over.length);
}

function printBroken(
  lines: FollowOptions['lines'],
  progress: RolloutProgress,
  { stage, durationMs }: Pick<StageTime, 'stage' | 'durationMs'>,
): void {
  lines.fail({ label: describeStage(progress, stage).doing, durationMs, detail: reasonOf(progress) });
  for (const line of failureLines(progress.failure ?? {})) lines.note(line);
}

/** Why a rollout ended without success, in one sentence. */
export function reasonOf({ stage, failure, cancelReason }: RolloutProgress): string {
  return stage === 'cancelled' ? (cancelReason ?? 'cancelled') : (failure?.message ?? 'for an unknown reason');
}

function tolerantReader({ read }: FollowOptions, now: () => Date): () => Promise<RolloutProgress | undefined> {
  let last: RolloutProgress | undefined;
  let failingSinceMs: number | undefined;
  return async () => {
    try {
      last = await read();
      failingSinceMs = undefined;
    } catch (error) {
      if (error instanceof UserError && error.code !== 'api-unreachable') throw error;
      failingSinceMs ??= now().getTime();
      if (now().getTime() - failingSinceMs > OUTAGE_MS_MAX) throw error;
    }
    return last;
  };
}

function absent(): UserError {
  return new UserError(
    'rollout-absent',
    'Cannot follow the rollout: nothing was heard of it, expected the bot to take up the command',
    'Check that the GitHub App is installed on the repository and that its webhooks arrive.',
  );
}

function superseded(): UserError {
  return new UserError(
    'rollout-superseded',
    'Cannot follow the rollout: a newer one took its place, expected it to be the newest',
    'Look at `mcp-hosting status`.',
  );
}
