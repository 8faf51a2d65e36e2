import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../src/domain/user-error.ts';

/** How long an orphan may take for its last checkpoint before it is stopped without one; WAL replay covers that. */
const ORPHAN_STOP_MS = 10_000;
const POLL_MS = 20;

/** Holds the pid of the process that started PostgreSQL on a data directory. */
const STARTED_BY = 'started-by.pid';

/** Writes down who looks after the PostgreSQL of this data directory from now on. */
export function claimDataDirectory(dataDir: string): void {
  writeFileSync(join(dataDir, STARTED_BY), `${process.pid}\n`);
}

/**
 * Makes the data directory free for a new start. After `kill -9` of its parent, PostgreSQL lives on and is stopped
 * here; after `kill -9` of PostgreSQL, `postmaster.pid` names a process that is gone or another one by now.
 * @throws UserError('postgres-data-in-use') while the process that started it is alive
 */
export async function endEarlierPostmaster(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined) return;
  const earlier = readProcess(pid);
  if (!earlier || !isPostmaster(earlier.command)) return rmSync(pidFile, { force: true });
  if (earlier.parentPid === readPid(join(dataDir, STARTED_BY))) {
    throw new UserError(
      'postgres-data-in-use',
      `Cannot start PostgreSQL on "${dataDir}": process ${earlier.parentPid} uses it, expected it unused`,
      'Stop the other sandbox, or choose another folder with --data-dir.',
    );
  }
  await stopOrphan(pid);
  rmSync(pidFile, { force: true });
}

async function stopOrphan(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    signalIfAlive(pid, signal);
    for (let waitedMs = 0; waitedMs < ORPHAN_STOP_MS; waitedMs += POLL_MS) {
      if (!readProcess(pid)) return;
      await delay(POLL_MS);
    }
  }
  throw new Error(`Cannot stop the earlier PostgreSQL: process ${pid} is still there, expected it to end`);
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime, which is what was wanted.
  }
}

function readPid(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return pid > 0 ? pid : undefined;
}

function isPostmaster(command: string): boolean {
  return basename(command.split(/[\0 ]/)[0] ?? '').startsWith('postgres');
}

/** @returns undefined when no such process lives (an ended one that nobody waited for does not). */
function readProcess(pid: number): { parentPid: number; command: string } | undefined {
  try {
    if (process.platform === 'linux') {
      const [state, parentPid] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      if (state === 'Z') return undefined;
      return { parentPid: Number(parentPid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
    }
    const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [, parentPid, command] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    return parentPid && command ? { parentPid: Number(parentPid), command } : undefined;
  } catch {
    return undefined;
  }
}
