import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withFileLock } from '../../src/auth/file-lock.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcp-connect-lock-'));
  path = join(directory, 'locks', 'one');
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function never(): AbortSignal {
  return new AbortController().signal;
}

describe('withFileLock', () => {
  test('lets one at a time do its work, and leaves nothing', async () => {
    let working = 0;
    let workingMost = 0;
    const work = async (): Promise<void> => {
      working += 1;
      workingMost = Math.max(workingMost, working);
      await pause(5);
      working -= 1;
    };

    await Promise.all(Array.from({ length: 4 }, () => withFileLock({ path, signal: never() }, work)));

    expect(workingMost).toBe(1);
    expect(await readdir(join(directory, 'locks'))).toEqual([]);
  });

  test('gives the lock back when the work fails', async () => {
    const failing = withFileLock({ path, signal: never() }, async () => {
      throw new Error('failed');
    });

    await expect(failing).rejects.toThrow('failed');
    expect(existsSync(path)).toBe(false);
  });

  test('stops waiting with its signal', async () => {
    const ended = new AbortController();
    await withFileLock({ path, signal: never() }, async () => {
      const onWait = (): void => ended.abort(new Error('the end'));
      const waiting = withFileLock({ path, signal: ended.signal, onWait }, async () => {});

      await expect(waiting).rejects.toThrow('the end');
    });
  });

  test('is taken over at once from a process that is gone, by one of those that wait', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await withFileLock({ path, signal: never() }, async () => {});
    let working = 0;
    let workingMost = 0;
    await writeFile(path, JSON.stringify({ pid: child.pid, host: hostname(), owner: 'gone' }));

    await Promise.all(
      Array.from({ length: 4 }, () =>
        withFileLock({ path, signal: never() }, async () => {
          working += 1;
          workingMost = Math.max(workingMost, working);
          await pause(5);
          working -= 1;
        }),
      ),
    );

    expect(workingMost).toBe(1);
  });

  test.each([
    ['a process that lives and hangs', { pid: process.pid, host: hostname(), owner: 'hanging' }],
    ['another machine', { pid: 1, host: 'elsewhere.example', owner: 'elsewhere' }],
    ['nobody who can be told', 'half a l'],
  ])('is taken over from %s when it shows no sign of life', async (_name, content) => {
    await withFileLock({ path, signal: never() }, async () => {});
    await writeFile(path, JSON.stringify(content));
    let hasWaited = false;
    const onWait = (): void => {
      hasWaited = true;
    };

    const done = await withFileLock({ path, signal: never(), staleMs: 300, onWait }, async () => 'done');

    expect(done).toBe('done');
    expect(hasWaited).toBe(true);
  });
});
