import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** All processes below `pid`, children first. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map(runningPids().map((candidate) => [candidate, parentOf(candidate)]));
  const below = (parent: number): number[] => {
    const children = [...parents].filter(([, value]) => value === parent).map(([child]) => child);
    return [...children, ...children.flatMap(below)];
  };
  return below(pid);
}

/** Processes whose parent is `pid`, those included that have ended and wait for it to take note. */
export function childrenOf(pid: number): number[] {
  return runningPids().filter((candidate) => parentOf(candidate) === pid);
}

/** Resolves when none of them runs any more. */
export async function untilGone(pids: number[]): Promise<void> {
  while (pids.some(isRunning)) await sleep(10);
}

function isRunning(pid: number): boolean {
  const state = readStat(pid);
  return state !== undefined && !/\) Z /.test(state);
}

function runningPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number {
  return Number(/\) \w (\d+)/.exec(readStat(pid) ?? '')?.[1]);
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
}
