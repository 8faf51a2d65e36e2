import { expect, test } from '@jest/globals';
import type { Rollout } from '../../../src/domain/rollout.ts';
import { compareRollouts, supersedes } from '../../../src/domain/supersede-rollouts.ts';
import { rolloutFixture } from './rollout-fixture.ts';

const older = (changes: Partial<Rollout> = {}) =>
  rolloutFixture({ id: 'a', triggeredAt: '2026-11-22T10:00:00.000Z', ...changes });
const newer = (changes: Partial<Rollout> = {}) =>
  rolloutFixture({
    id: 'b',
    triggeredAt: '2026-11-22T10:00:05.000Z',
    trigger: { kind: 'push', afterSha: 'e'.repeat(40) },
    ...changes,
  });

test.each(['accepted', 'setup', 'building', 'proposing', 'proposed'] as const)(
  'a newer wish takes the place of one in stage %s, and never the other way',
  (stage) => {
    expect(supersedes(newer(), older({ stage }))).toBe(true);
    expect(supersedes(older(), newer({ stage }))).toBe(false);
  },
);

test('a merged rollout is left to end until the newer one is merged too', () => {
  expect(supersedes(newer({ stage: 'building' }), older({ stage: 'syncing' }))).toBe(false);
  expect(supersedes(newer({ stage: 'syncing' }), older({ stage: 'syncing' }))).toBe(true);
  expect(supersedes(newer({ stage: 'succeeded' }), older({ stage: 'verifying' }))).toBe(true);
});

test('a newer wish that came to nothing replaces nothing', () => {
  expect(supersedes(newer({ stage: 'failed' }), older({ stage: 'building' }))).toBe(false);
  expect(supersedes(newer({ stage: 'cancelled' }), older({ stage: 'building' }))).toBe(false);
});

test('an ended rollout is not replaced', () => {
  expect(supersedes(newer(), older({ stage: 'succeeded' }))).toBe(false);
});

test('two commands of one comment run in order', () => {
  const second = rolloutFixture({ id: 'b', triggeredAt: '2026-11-22T10:00:00.001Z' });
  expect(supersedes(second, older())).toBe(false);
  expect(compareRollouts(older(), second)).toBeLessThan(0);
});
