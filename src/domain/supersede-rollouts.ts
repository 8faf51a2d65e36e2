import { isEnded, type Rollout } from './rollout.ts';

const BEFORE_MERGE: readonly Rollout['stage'][] = ['accepted', 'setup', 'building', 'proposing', 'proposed'];

/**
 * Whether `newer` takes the place of `older`: it was asked for later, and `older` was not merged, or `newer` was merged
 * too. Two wishes of one comment do not replace each other: they run in order.
 */
export function supersedes(newer: Rollout, older: Rollout): boolean {
  if (newer.id === older.id || isEnded(older) || sameComment(newer, older)) return false;
  if (compareRollouts(newer, older) <= 0) return false;
  if (newer.stage === 'failed' || newer.stage === 'cancelled') return false;
  return BEFORE_MERGE.includes(older.stage) || !BEFORE_MERGE.includes(newer.stage);
}

/**
 * A rollout whose pull request was merged after that of the newest one, such as one that was closed and reopened: what
 * was merged last is what runs, so whoever merged it has given the newest wish.
 */
export function asNewest(rollout: Rollout, newest: Rollout, now: Date): Rollout {
  const ms = Math.max(now.getTime(), Date.parse(newest.triggeredAt) + 1);
  return { ...rollout, triggeredAt: new Date(ms).toISOString() };
}

/** Oldest wish first; the id decides between two of one moment, so that every replica agrees. */
export function compareRollouts(one: Rollout, other: Rollout): number {
  return one.triggeredAt.localeCompare(other.triggeredAt) || one.id.localeCompare(other.id);
}

/** Commands of one comment. */
export function sameComment(one: Rollout, other: Rollout): boolean {
  return (
    one.trigger.kind === 'comment' &&
    other.trigger.kind === 'comment' &&
    one.trigger.commentId === other.trigger.commentId
  );
}
