import { expect, test } from '@jest/globals';
import type { RolloutTrigger } from '../../../src/domain/rollout.ts';
import { triggerTime } from '../../../src/domain/trigger-time.ts';
import { rolloutFixture } from './rollout-fixture.ts';

const comment = (commentId: number): RolloutTrigger => ({
  kind: 'comment',
  commentId,
  commentNodeId: `IC_${commentId}`,
  issue: 1,
  url: 'https://github.com/acme/hello/issues/1',
});
const push: RolloutTrigger = { kind: 'push', afterSha: 'e'.repeat(40) };
const second = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, 0, seconds * 1_000));
const newest = (trigger: RolloutTrigger, at: Date) => rolloutFixture({ trigger, triggeredAt: at.toISOString() });

test('the first wish counts from when it was given', () => {
  expect(triggerTime(comment(7), second(1), undefined)).toBe(second(1).toISOString());
});

test.each<[string, RolloutTrigger, RolloutTrigger]>([
  ['a comment after a push that our clock puts later', comment(7), push],
  ['a push after a comment that GitHub puts later', push, comment(7)],
  ['a comment after an older one of the same second', comment(8), comment(7)],
  ['a command after the one before it in its comment', comment(7), comment(7)],
])('%s is later', (_case, trigger, before) => {
  const at = second(5);
  for (const skew of [-300, 0, 0.9, 300]) {
    const earlier = newest(before, second(5 + skew));
    expect(triggerTime(trigger, at, earlier) > earlier.triggeredAt).toBe(true);
  }
});

test('a comment that is heard after a newer one stays before it', () => {
  for (const at of [second(1), second(60)]) {
    const later = newest(comment(9), second(30));
    expect(triggerTime(comment(8), at, later) < later.triggeredAt).toBe(true);
  }
});
