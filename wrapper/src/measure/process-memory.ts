import { readdir, readFile } from 'node:fs/promises';

/**
 * Resident memory of process groups, in bytes: the server and what it started. Linux only; undefined elsewhere.
 * @param groups process ids of the groups' leaders
 */
export async function readGroupsMemory(groups: readonly number[]): Promise<number | undefined> {
  const wanted = new Set(groups.map(String));
  try {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const sizes = await Promise.all(pids.map((pid) => readMemory(pid, wanted)));
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    // No /proc: the measure is left out rather than wrong.
    return undefined;
  }
}

/** 0 for a process of another group, and for one that ended meanwhile. */
async function readMemory(pid: string, groups: ReadonlySet<string>): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks and parentheses itself (proc(5)); state, parent and group follow it.
    const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
    if (group === undefined || !groups.has(group)) return 0;
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
