import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProcessStart } from './kubelet/process-identity.ts';

/**
 * Makes sure that one process at a time works on a data directory: two would end each other's pods.
 * A lock of a process that is gone counts for nothing.
 *
 * @returns a function that gives the lock back
 * @throws Error naming the process that has it
 */
export function lockDataDir(dataDir: string): () => void {
  const path = join(dataDir, 'lock.json');
  const holder = readHolder(path);
  if (holder !== undefined && readProcessStart(holder.pid) === holder.start) {
    throw new Error(`Cannot use ${dataDir}: process ${holder.pid} runs a sandbox on it, expected it to be free`);
  }
  writeFileSync(path, JSON.stringify({ pid: process.pid, start: readProcessStart(process.pid) }), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

function readHolder(path: string): { pid: number; start: string } | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(holder?.pid) && typeof holder.start === 'string' ? holder : undefined;
  } catch {
    // No lock, or one that a crash left half-written.
    return undefined;
  }
}
