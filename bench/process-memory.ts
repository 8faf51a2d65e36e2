import { execFileSync } from 'node:child_process';

/** Resident memory in MB of one process; NaN when it has ended. */
export function readMemoryMb(pid: number): number {
  return (readProcesses().find((process) => process.pid === pid)?.rssKb ?? Number.NaN) / 1024;
}

/** Everything a process has started, and what that has started. */
export function readDescendants(pid: number): number[] {
  const processes = readProcesses();
  const found: number[] = [];
  const pending = [pid];
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    for (const process of processes) {
      if (process.parentPid !== parent) continue;
      found.push(process.pid);
      pending.push(process.pid);
    }
  }
  return found;
}

/** `ps` is everywhere, `/proc` on Linux alone. */
function readProcesses(): { pid: number; parentPid: number; rssKb: number }[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' });
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [pid = Number.NaN, parentPid = Number.NaN, rssKb = Number.NaN] = line.trim().split(/\s+/).map(Number);
      return { pid, parentPid, rssKb };
    });
}
