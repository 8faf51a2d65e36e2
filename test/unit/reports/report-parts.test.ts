import { expect, test } from '@jest/globals';
import { formatDuration } from '../../../src/domain/reports/format-duration.ts';
import { parseRolloutMarker, replyMarker, rolloutMarker } from '../../../src/domain/reports/markers.ts';
import { redactSecrets } from '../../../src/domain/reports/redact-secrets.ts';
import { stageTimes, totalDurationMs } from '../../../src/domain/reports/stage-times.ts';
import { renderStatusComment } from '../../../src/domain/reports/status-comment.ts';
import type { RolloutStage } from '../../../src/domain/rollout.ts';
import { rolloutAt, viewOf } from './report-fixtures.ts';

const NOW = new Date('2026-11-22T10:00:10.000Z');

test.each([
  [0, '0.0 s'],
  [-5, '0.0 s'],
  [Number.NaN, '0.0 s'],
  [449, '0.4 s'],
  [9_940, '9.9 s'],
  [9_950, '10 s'],
  [61_000, '61 s'],
  [99_600, '1 min 40 s'],
  [108_000, '1 min 48 s'],
  [3_600_000, '1 h 0 min'],
  [7_380_000, '2 h 3 min'],
  [273_600_000, '3 d 4 h'],
])('formatDuration: %d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('stageTimes: the stage that runs grows until now', () => {
  const rollout = { stage: 'building' as const, stages: entries(['accepted', 0], ['building', 2]) };

  expect(stageTimes(rollout, NOW)).toEqual([
    { stage: 'accepted', durationMs: 2_000, running: false },
    { stage: 'building', durationMs: 8_000, running: true },
  ]);
  expect(totalDurationMs(rollout, NOW)).toBe(10_000);
});

test('stageTimes: an end takes no time and stops the clock', () => {
  const rollout = { stage: 'failed' as const, stages: entries(['accepted', 0], ['building', 2], ['failed', 5]) };

  expect(stageTimes(rollout, NOW)).toEqual([
    { stage: 'accepted', durationMs: 2_000, running: false },
    { stage: 'building', durationMs: 3_000, running: false },
  ]);
  expect(totalDurationMs(rollout, NOW)).toBe(5_000);
});

test('stageTimes: an entry twice is one, an unreadable time is skipped, a clock gone back counts as 0', () => {
  const stages = [
    ...entries(['accepted', 3], ['accepted', 4], ['building', 1]),
    { stage: 'proposing' as const, at: 'yesterday' },
  ];

  expect(stageTimes({ stage: 'proposing', stages }, NOW)).toEqual([
    { stage: 'accepted', durationMs: 0, running: false },
    { stage: 'building', durationMs: 9_000, running: true },
  ]);
});

test('stageTimes: a rollout that recovered goes on after its failure', () => {
  const stages = entries(['syncing', 0], ['failed', 2], ['syncing', 6]);

  expect(stageTimes({ stage: 'syncing', stages }, NOW).map(({ durationMs }) => durationMs)).toEqual([2_000, 4_000]);
});

test('totalDurationMs: nothing entered yet is 0', () => {
  expect(totalDurationMs({ stage: 'accepted', stages: [] }, NOW)).toBe(0);
});

test('markers: a value cannot end the comment', () => {
  expect(replyMarker('a-->b\n<script>')).toBe('<!-- mcp-hosting:reply=a-bscript -->');
});

test('rollout marker: is read from the last line alone', () => {
  const marker = rolloutMarker('0d5f7a52-9d0b-4c63-a3a4-6f3c1f2b8e11');

  expect(parseRolloutMarker(`body\n\n${marker}\n`)).toBe('0d5f7a52-9d0b-4c63-a3a4-6f3c1f2b8e11');
  expect(parseRolloutMarker(`body\r\n${marker}\r\n`)).toBe('0d5f7a52-9d0b-4c63-a3a4-6f3c1f2b8e11');
  expect(parseRolloutMarker(`${marker}\nbody`)).toBeUndefined();
  expect(parseRolloutMarker('')).toBeUndefined();
});

test.each([
  `token ${'ghs_'}${'a'.repeat(36)}`,
  `key mcp_${'b'.repeat(43)}`,
  `STRIPE sk_${'live'}_abcdefghijkl`,
  `AWS ${'AKIA'}ABCDEFGHIJKLMNOP`,
  'Authorization: Bearer abcdefghijklmnopqrstuvwxyz',
  'password=hunter2hunter2',
  '"api_key": "abcdefgh12345"',
  'postgres://user:verysecret@db/x',
])('redactSecrets: %s', (line) => {
  const shown = redactSecrets(line);

  expect(shown).toContain('[redacted]');
  expect(shown).not.toMatch(/hunter2|abcdefgh|verysecret|aaaa|bbbb|ABCDEFGH/);
});

test('redactSecrets: an ordinary line stays, and a long one takes no time', () => {
  expect(redactSecrets('Error: STRIPE_API_KEY is required at file:///app/x.js:3')).toBe(
    'Error: STRIPE_API_KEY is required at file:///app/x.js:3',
  );
  expect(redactSecrets('a:/'.repeat(1_000_000)).length).toBeLessThanOrEqual(4_000);
});

function entries(...list: [RolloutStage, number][]): { stage: RolloutStage; at: string }[] {
  return list.map(([stage, second]) => ({ stage, at: `2026-11-22T10:00:${String(second).padStart(2, '0')}.000Z` }));
}

test('renderStatusComment: the name of an API token mentions nobody', () => {
  const trigger = { kind: 'api' as const, requestId: '00000000-0000-4000-8000-000000000001' };
  const body = renderStatusComment(viewOf(rolloutAt('accepted', { trigger, requestedBy: 'octocat' })));

  expect(body).toContain('asked by octocat through the API');
  expect(body).not.toContain('@octocat');
});
