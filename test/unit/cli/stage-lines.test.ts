import { expect, test } from '@jest/globals';
import { createStageLines } from '../../../src/cli/stage-lines.ts';
import { describeTerminal } from '../../../src/cli/terminal.ts';
import { capturedTerminal } from './captured-terminal.ts';

test('stage lines: piped, a line appears when its stage ends, without escape sequences', () => {
  const { terminal, stdout } = capturedTerminal();
  const lines = createStageLines({ terminal });

  lines.start('building 4f2c1aa');
  lines.succeed({ label: 'built', durationMs: 3_100, detail: 'sha256:41c0' });
  lines.note('@you: /host');
  lines.fail({ label: 'synced', durationMs: 61_000 });
  lines.stop();

  expect(stdout()).toBe(
    [
      ' ✔ built                         3.1 s      sha256:41c0',
      '@you: /host',
      ' ✘ synced                        61 s',
      '',
    ].join('\n'),
  );
});

test('stage lines: on a terminal the running stage is drawn over itself with its time', () => {
  const { terminal, stdout } = capturedTerminal({ interactive: true, color: true });
  let nowMs = 0;
  let draw = () => {};
  let ended = 0;
  const lines = createStageLines({
    terminal,
    nowMs: () => nowMs,
    repeat: (again) => {
      draw = again;
      return () => ended++;
    },
  });

  lines.start('building');
  nowMs = 2_000;
  draw();
  lines.succeed({ label: 'built', durationMs: 2_100 });

  const frames = stdout().split('\r\u001b[2K');
  expect(frames[1]).toContain('building');
  expect(frames[1]).toContain('0.0 s');
  expect(frames[2]).toContain('2.0 s');
  expect(frames.at(-1)).toBe(' \u001b[32m✔\u001b[0m built                         2.1 s\n');
  expect(ended).toBe(1);
});

test('stage lines: the same stage again keeps its clock, and a drawn line never wraps', () => {
  const { terminal, stdout } = capturedTerminal({ interactive: true, columns: 20 });
  let begun = 0;
  const repeat = () => {
    begun++;
    return () => {};
  };
  const lines = createStageLines({ terminal, nowMs: () => 0, repeat });

  lines.start('a stage with a very long name', 'detail');
  lines.start('a stage with a very long name', 'other');
  lines.stop();

  expect(begun).toBe(1);
  for (const frame of stdout().split('\r\u001b[2K')) expect([...frame].length).toBeLessThan(20);
});

test('stage lines: text from strangers cannot move the cursor or make a line', () => {
  const { terminal, stdout } = capturedTerminal();

  createStageLines({ terminal }).succeed({ label: 'verified', detail: '1 tool: a\n ✔ b\u001b[2J\u202ec' });

  expect(stdout()).toBe(' ✔ verified                                 1 tool: a ✔ b[2Jc\n');
});

test.each([
  [true, {}, { interactive: true, color: true }],
  [true, { NO_COLOR: '1' }, { interactive: true, color: false }],
  [true, { NO_COLOR: '' }, { interactive: true, color: true }],
  [true, { TERM: 'dumb' }, { interactive: false, color: false }],
  [undefined, {}, { interactive: false, color: false }],
])('describeTerminal: isTTY %p with %j is %j', (isTTY, env, expected) => {
  const { terminal } = capturedTerminal();
  const stdout = Object.assign(terminal.stdout, isTTY ? { isTTY } : {});

  expect(describeTerminal({ stdout, stderr: terminal.stderr }, env)).toMatchObject(expected);
});
