import { expect, test } from '@jest/globals';
import { followRollout } from '../../../src/cli/follow.ts';
import type { RolloutProgress } from '../../../src/cli/rollout-progress.ts';
import { createStageLines } from '../../../src/cli/stage-lines.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { progressThrough, pullRequest, WHOLE_WAY } from './progress-fixtures.ts';

type Read = RolloutProgress | undefined | Error;

test('follow: one line per stage, each once, however often it is read', async () => {
  const reads = WHOLE_WAY.flatMap((_, index) => {
    const progress = progressThrough(WHOLE_WAY.slice(0, index + 1));
    return [progress, progress];
  });

  const { outcome, stdout, merged } = await follow([undefined, ...reads], { merges: true });

  expect(outcome).toMatchObject({ stage: 'succeeded' });
  expect(stdout).toBe(
    [
      ' ✔ accepted                      1.0 s      hello-q7m2d4',
      ' ✔ built                         1.0 s      sha256:41c041c041c0…',
      ' ✔ proposed                      1.0 s      acme/mcp-server-deployments#2',
      ' ✔ merged by @you                1.0 s',
      ' ✔ synced                        1.0 s      Healthy',
      ' ✔ verified                      1.0 s      2 tools: greet, add',
      '',
    ].join('\n'),
  );
  expect(merged).toEqual([pullRequest().url]);
});

test('follow: stages that passed between two reads are all told', async () => {
  const { stdout } = await follow([progressThrough(WHOLE_WAY)]);

  expect(stdout.trim().split('\n')).toHaveLength(6);
});

test('follow: without a merge it ends where a person is waited for', async () => {
  const { outcome } = await follow([progressThrough(WHOLE_WAY.slice(0, 4))]);

  expect(outcome).toMatchObject({ stage: 'proposed' });
});

test('follow: the setup pull request is merged too', async () => {
  const setupPullRequest = { ...pullRequest(), number: 9, url: 'http://127.0.0.1:4001/acme/hello/pull/9' };
  const waiting = progressThrough(['accepted', 'setup'], { setupPullRequest });

  const { merged } = await follow([waiting, waiting, progressThrough(WHOLE_WAY)], { merges: true });

  expect(merged).toEqual([setupPullRequest.url]);
});

test('follow: under the policy auto nothing is merged by the person', async () => {
  const waiting = progressThrough(WHOLE_WAY.slice(0, 4), { mergePolicy: 'auto' });

  const { merged } = await follow([waiting, progressThrough(WHOLE_WAY)], { merges: true });

  expect(merged).toEqual([]);
});

test('follow: the stage that failed is named with its cause', async () => {
  const failed = progressThrough(['accepted', 'building', 'failed'], {
    failure: {
      code: 'build-failed',
      message: 'npm ci failed.',
      hint: 'Mend it.',
      log: ['npm error code E404', '\u001b[31mred\u202e'],
      url: 'https://github.com/acme/hello/actions/runs/7',
    },
  });

  const { outcome, stdout } = await follow([failed]);

  expect(outcome).toMatchObject({ stage: 'failed' });
  expect(stdout).toBe(
    [
      ' ✔ accepted                      1.0 s      hello-q7m2d4',
      ' ✘ building 4f2c1aa              1.0 s      npm ci failed.',
      '   npm error code E404',
      '   [31mred',
      '   The whole of it: https://github.com/acme/hello/actions/runs/7',
      '',
    ].join('\n'),
  );
});

test('follow: an outage of a while is waited out, a longer one is told', async () => {
  const outage = new UserError('api-unreachable', 'Cannot reach the API', 'Wait.');
  const accepted = progressThrough(['accepted']);

  const short = await follow([accepted, outage, outage, progressThrough(WHOLE_WAY)]);
  const long = await follow([accepted, ...Array.from({ length: 400 }, () => outage)]);

  expect(short.outcome).toMatchObject({ stage: 'succeeded' });
  expect(long.outcome).toMatchObject({ code: 'api-unreachable' });
});

test('follow: any other refusal ends it at once', async () => {
  const { outcome } = await follow([new UserError('api-unauthorized', 'Cannot use the API', 'Set the token.')]);

  expect(outcome).toMatchObject({ code: 'api-unauthorized' });
});

test('follow: a command that nobody takes up is told after a minute', async () => {
  const { outcome, asked } = await follow(Array.from({ length: 400 }, () => undefined));

  expect(outcome).toMatchObject({ code: 'rollout-absent' });
  expect(asked).toBeGreaterThan(100);
});

test('follow: a rollout that a newer one replaced is told, or followed on', async () => {
  const first = progressThrough(['accepted', 'building']);
  const second = { ...progressThrough(WHOLE_WAY), id: 'rollout-2' };

  const gone = await follow([first, undefined]);
  const replaced = await follow([first, second]);

  expect(gone.outcome).toMatchObject({ code: 'rollout-superseded' });
  expect(replaced.stdout.trim().split('\n')).toHaveLength(7);
});

/** Gives one read after the other; time goes by with each sleep alone. */
async function follow(reads: readonly Read[], options: { merges?: boolean } = {}) {
  const { terminal, stdout } = capturedTerminal();
  const merged: string[] = [];
  let nowMs = Date.parse('2026-11-22T10:01:00.000Z');
  let index = 0;
  let asked = 0;
  const outcome = await followRollout({
    read: async () => {
      const next = reads[index++];
      if (next instanceof Error) throw next;
      return next;
    },
    lines: createStageLines({ terminal }),
    ...(options.merges ? { merge: async ({ url }) => void merged.push(url) } : {}),
    whileAbsent: async () => {
      asked++;
    },
    sleep: async (ms) => {
      nowMs += ms;
    },
    now: () => new Date(nowMs),
  }).catch((error: unknown) => error);
  return { outcome, stdout: stdout(), merged, asked };
}
