import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process started, in the words of the operating system: with its pid it names one process for good, as pids are
 * given out again. @returns undefined when there is no such process
 */
export function readProcessStart(pid: number): string | undefined {
  if (process.platform === 'linux') return readLinuxStart(pid);
  try {
    const start = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return start === '' ? undefined : start;
  } catch {
    // ps ends with an error when there is no such process.
    return undefined;
  }
}

/** Field 22 of /proc/<pid>/stat, ticks since boot; the second field may hold spaces and parentheses. */
function readLinuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return fields[0] === 'Z' ? undefined : `${boot} ${fields[19]}`;
  } catch {
    // The process is gone.
    return undefined;
  }
}
