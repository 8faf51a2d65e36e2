import type { Rollout, RolloutTrigger } from './rollout.ts';

/**
 * When a wish counts as given (ISO 8601), which orders the rollouts of a server. Comments are ordered by their ids, which
 * grow, however late they are heard. Between a comment and anything else there are two clocks, GitHub's of whole seconds
 * and the bot's, so that what is heard later is later.
 * @param newest the newest rollout of the server, if any
 */
export function triggerTime(trigger: RolloutTrigger, at: Date, newest: Rollout | undefined): string {
  if (!newest) return at.toISOString();
  const newestMs = Date.parse(newest.triggeredAt);
  const ms = isEarlierComment(trigger, newest.trigger)
    ? Math.min(at.getTime(), newestMs - 1)
    : Math.max(at.getTime(), newestMs + 1);
  return new Date(ms).toISOString();
}

function isEarlierComment(trigger: RolloutTrigger, newest: RolloutTrigger): boolean {
  return trigger.kind === 'comment' && newest.kind === 'comment' && trigger.commentId < newest.commentId;
}
