import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileUnwritable } from '../file-unwritable.ts';
import { makeFolder } from '../make-folder.ts';
import { LOCK_HEARTBEAT_MS, LOCK_POLL_MS, LOCK_STALE_MS } from './auth-limits.ts';

export interface FileLockOptions {
  path: string;
  signal: AbortSignal;
  /** Called once when somebody else holds the lock. */
  onWait?: () => void;
  /** Time without a sign of life after which a holder is taken for hanging, in ms. */
  staleMs?: number;
}

/**
 * Runs `work` while no other process on this machine does under the same path. The lock of a process that was killed is
 * taken over at once, that of one that hangs after `staleMs`. File operations are synchronous, so that a process
 * that ends cannot leave a lock half written.
 * @throws the signal's reason when it aborts while waiting; SetupError file-unwritable
 */
export async function withFileLock<T>(options: FileLockOptions, work: () => Promise<T>): Promise<T> {
  const { path } = options;
  const owner = randomUUID();
  await acquire(owner, options);
  const heartbeat = setInterval(() => touch(path), LOCK_HEARTBEAT_MS);
  heartbeat.unref();
  const release = (): void => {
    clearInterval(heartbeat);
    if (readHolder(path)?.owner === owner) rmSync(path, { force: true });
  };
  process.on('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

async function acquire(owner: string, options: FileLockOptions): Promise<void> {
  const { path, signal, onWait, staleMs = LOCK_STALE_MS } = options;
  makeFolderOf(path);
  const watch = new StalenessWatch(staleMs);
  let hasWaited = false;
  signal.throwIfAborted();
  while (!tryCreate(path, owner)) {
    const holder = readHolder(path);
    if (holder && watch.isStale(holder)) {
      breakLock(path, holder);
      continue;
    }
    if (holder && !hasWaited) {
      hasWaited = true;
      onWait?.();
    }
    await pause(LOCK_POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function makeFolderOf(path: string): void {
  try {
    makeFolder(dirname(path), { mode: 0o700 });
  } catch (error) {
    throw fileUnwritable(path, error);
  }
}

function tryCreate(path: string, owner: string): boolean {
  try {
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), owner }), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    // Windows answers EPERM while the file of the last holder is being deleted.
    if (isCode(error, 'EEXIST') || (process.platform === 'win32' && isCode(error, 'EPERM'))) return false;
    // The system may have made the file before it had no room for what is in it.
    if (isCode(error, 'ENOSPC')) rmSync(path, { force: true });
    throw fileUnwritable(path, error);
  }
}

interface Holder {
  /** Undefined for another machine's, while the file is being written, or when it holds something else. */
  pid: number | undefined;
  owner: string;
  touchedMs: number;
}

function readHolder(path: string): Holder | undefined {
  try {
    const touchedMs = statSync(path).mtimeMs;
    const text = readFileSync(path, 'utf8');
    return { ...parseHolder(text), touchedMs };
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): { pid: number | undefined; owner: string } {
  try {
    const { pid, host, owner } = JSON.parse(text);
    const isProcess = Number.isSafeInteger(pid) && pid > 0;
    if (isProcess && typeof owner === 'string') return { pid: host === hostname() ? pid : undefined, owner };
  } catch {
    // Falls through: not written by a lock, or not yet completely.
  }
  return { pid: undefined, owner: text };
}

/**
 * Judges by the watcher's own steady clock: the time of day in a file says nothing after a laptop has slept, or where
 * the drive is another machine's.
 */
class StalenessWatch {
  readonly #staleMs: number;
  #seen: { owner: string; touchedMs: number; sinceMs: number; lastMs: number } | undefined;

  constructor(staleMs: number) {
    this.#staleMs = staleMs;
  }

  isStale({ pid, owner, touchedMs }: Holder): boolean {
    if (pid !== undefined && !isAlive(pid)) return true;
    const now = performance.now();
    const seen = this.#seen;
    // Some systems' steady clock goes on while they sleep, and the holder needs a moment to wake up, too.
    const hasSlept = seen !== undefined && now - seen.lastMs > LOCK_HEARTBEAT_MS;
    const isSame = seen?.owner === owner && seen.touchedMs === touchedMs && !hasSlept;
    this.#seen = { owner, touchedMs, sinceMs: isSame ? seen.sinceMs : now, lastMs: now };
    return now - this.#seen.sinceMs > this.#staleMs;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

/** Only one of those that found the lock stale can rename it, so none removes the lock of the one that came first. */
function breakLock(path: string, holder: Holder): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  // Somebody was faster and holds it rightly: it is given back, unless a third one has created it meanwhile.
  if (moved && moved.owner !== holder.owner && readHolder(path) === undefined) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // The state directory was removed: there is nothing to hold any more.
  }
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
