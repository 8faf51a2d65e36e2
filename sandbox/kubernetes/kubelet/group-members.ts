import { readdirSync, readFileSync } from 'node:fs';

/** The environment variable that marks every process of a pod. */
export const processMark = 'MCP_HOSTING_SANDBOX_PROCESS';

/**
 * Members of a process group with the mark in their environment. Linux only: elsewhere another process' environment
 * cannot be read, and an empty list means that nothing is proven.
 */
export function readGroupMembers(group: number): { pid: number; mark: string | undefined }[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(fields[2]) !== group || fields[0] === 'Z') return [];
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        const mark = environment.find((entry) => entry.startsWith(`${processMark}=`))?.slice(processMark.length + 1);
        return [{ pid: Number(name), mark }];
      } catch {
        // It ended while we looked, or is another user's and so not ours.
        return [];
      }
    });
}
