import { isEnded, type Rollout, type RolloutStage } from '../rollout.ts';

export interface StageTime {
  stage: RolloutStage;
  durationMs: number;
  /** The rollout is still in it: the duration grows. */
  running: boolean;
}

/**
 * How long each stage took, oldest first. An ended rollout's last entry is its end, which takes no time and is left
 * out. Entries whose time cannot be read are skipped, and a clock that went back counts as 0.
 */
export function stageTimes(rollout: Pick<Rollout, 'stages' | 'stage'>, now: Date): StageTime[] {
  const entries = readableEntries(rollout);
  return entries
    .map(({ stage, atMs }, index) => {
      const next = entries[index + 1];
      const untilMs = next ? next.atMs : now.getTime();
      return { stage, durationMs: Math.max(0, untilMs - atMs), running: !next && !isEnded(rollout) };
    })
    .filter(({ stage }) => !isEnded({ stage }));
}

/** From the first stage entered to the end, or to now. */
export function totalDurationMs(rollout: Pick<Rollout, 'stages' | 'stage'>, now: Date): number {
  const entries = readableEntries(rollout);
  const first = entries[0];
  const last = entries.at(-1);
  if (!first || !last) return 0;
  return Math.max(0, (isEnded(rollout) ? last.atMs : now.getTime()) - first.atMs);
}

/** A stage entered again right after itself (a retry, a webhook twice) is one entry. */
function readableEntries(rollout: Pick<Rollout, 'stages'>): { stage: RolloutStage; atMs: number }[] {
  return rollout.stages
    .map(({ stage, at }) => ({ stage, atMs: Date.parse(at) }))
    .filter(({ atMs }) => Number.isFinite(atMs))
    .filter(({ stage }, index, all) => index === 0 || all[index - 1]?.stage !== stage);
}
