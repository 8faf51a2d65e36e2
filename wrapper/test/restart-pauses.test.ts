import { expect, test } from '@jest/globals';
import { RestartPauses } from '../src/child/restart-pauses.ts';
import { RESTART_DELAY_MAX_MS, RESTART_DELAY_MIN_MS, RESTART_RESET_MS } from '../src/limits.ts';

function create(): { pauses: RestartPauses; clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  return { pauses: new RestartPauses(() => clock.nowMs), clock };
}

test('Pauses double up to the longest', () => {
  const { pauses } = create();

  const all = Array.from({ length: 12 }, () => pauses.childExited().restartInMs);

  expect(all.slice(0, 3)).toEqual([1, 2, 4].map((times) => times * RESTART_DELAY_MIN_MS));
  expect(all.at(-1)).toBe(RESTART_DELAY_MAX_MS);
});

test.each([
  ['for a while', RESTART_RESET_MS + 1, RESTART_DELAY_MIN_MS],
  ['hardly', RESTART_RESET_MS, 4 * RESTART_DELAY_MIN_MS],
])('After a child that lived %s', (_howLong, livedMs, expected) => {
  const { pauses, clock } = create();
  pauses.childExited();
  pauses.childExited();

  pauses.childReady();
  clock.nowMs += livedMs;

  expect(pauses.childExited()).toEqual({ restartInMs: expected, wasReady: true });
  expect(pauses.childExited()).toEqual({ restartInMs: 2 * expected, wasReady: false });
});
