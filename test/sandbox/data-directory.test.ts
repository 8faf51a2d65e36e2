import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { claimDataDirectory } from '../../sandbox/data-directory.ts';
import { PROCESS_DIRECTORIES } from '../../sandbox/end-leftovers.ts';
import { readProcessStart } from '../../sandbox/kubernetes/kubelet/process-identity.ts';
import { ProcessRegistry } from '../../sandbox/kubernetes/kubelet/process-registry.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'data-directory-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A process that ends when it is killed only, on file as a killed sandbox leaves it. */
function leaveBehind(directory: string): { gone: Promise<unknown> } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  new ProcessRegistry(join(dir, directory)).add(child.pid as number, '');
  return { gone: once(child, 'exit') };
}

test('an empty directory is claimed, marked and released', async () => {
  const claimed = await claimDataDirectory(dir, { fresh: false });

  expect((await readdir(dir)).sort()).toEqual(['README', 'sandbox.pid']);
  await claimed.release();
  expect(await readdir(dir)).toEqual(['README']);
});

test('a directory with files of somebody else is refused, with --fresh too', async () => {
  await writeFile(join(dir, 'thesis.txt'), 'do not lose');

  for (const fresh of [false, true]) {
    await expect(claimDataDirectory(dir, { fresh })).rejects.toMatchObject({ code: 'sandbox-data-foreign' });
  }
  expect(await readdir(dir)).toEqual(['thesis.txt']);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a place where no directory can be made is refused', async () => {
  await expect(claimDataDirectory('/proc/x5/y', { fresh: false })).rejects.toMatchObject({
    code: 'sandbox-data-unusable',
  });
  await writeFile(join(dir, 'file'), '');
  await expect(claimDataDirectory(join(dir, 'file/y'), { fresh: false })).rejects.toMatchObject({
    code: 'sandbox-data-unusable',
  });
});

test('a directory with a running sandbox is refused, and its processes live', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = other.pid as number;
  writeFileSync(join(dir, 'README'), '');
  writeFileSync(join(dir, 'sandbox.pid'), JSON.stringify({ pid, startTime: readProcessStart(pid) }));
  new ProcessRegistry(join(dir, PROCESS_DIRECTORIES.bot)).add(pid, '');

  await expect(claimDataDirectory(dir, { fresh: true })).rejects.toMatchObject({ code: 'sandbox-running' });

  expect(other.exitCode).toBeNull();
  expect(other.signalCode).toBeNull();
  other.kill('SIGKILL');
});

describe.each([false, true])('after a sandbox was killed, with fresh: %s', (fresh) => {
  test('its bot and pods are ended, which would hold the ports', async () => {
    writeFileSync(join(dir, 'README'), '');
    writeFileSync(join(dir, 'sandbox.pid'), JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1' }));
    const left = Object.values(PROCESS_DIRECTORIES).map(leaveBehind);

    const claimed = await claimDataDirectory(dir, { fresh });

    await Promise.all(left.map(({ gone }) => gone));
    await claimed.release();
  });
});
