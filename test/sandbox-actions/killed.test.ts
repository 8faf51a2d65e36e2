import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { BUILD_PROCESSES_DIRECTORY } from '../../sandbox/container-platform.ts';
import { endLeftovers } from '../../sandbox/end-leftovers.ts';

const script = fileURLToPath(new URL('run-hanging-step.ts', import.meta.url));

let runner: ChildProcess | undefined;
let left: { dir: string; pids: number[] } | undefined;

afterEach(async () => {
  runner?.kill('SIGKILL');
  for (const pid of left?.pids ?? []) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  if (left) await rm(left.dir, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a build step that a killed sandbox left running ends at the next start', async () => {
  runner = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(runner.stdout as NodeJS.ReadableStream, 'data');
  left = JSON.parse(String(line)) as { dir: string; pids: number[] };
  runner.kill('SIGKILL');
  await once(runner, 'exit');
  expect(left.pids.map(isAlive)).toEqual([true, true]);

  await endLeftovers(left.dir);

  expect(left.pids.map(isAlive)).toEqual([false, false]);
  expect(await readdir(join(left.dir, BUILD_PROCESSES_DIRECTORY))).toEqual([]);
});
