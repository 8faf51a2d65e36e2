import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readGroupMembers } from './group-members.ts';
import { readProcessStart } from './process-identity.ts';

/** How long leftovers get between SIGKILL and a look whether they are gone. */
const killWaitMs = 10_000;

/**
 * Remembers on disk which process groups are ours, so that a start after a crash ends what the crash left behind, and
 * nothing else: a group is ended only when its leader has the pid and start time on file, or, with the leader gone,
 * when its members carry the mark that we put into the environment of everything we start.
 */
export class ProcessRegistry {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** @param mark the value of `MCP_HOSTING_SANDBOX_PROCESS` in the process' environment */
  add(pid: number, mark: string): void {
    const path = join(this.#dir, `${pid}.json`);
    writeFileSync(`${path}.new`, JSON.stringify({ pid, start: readProcessStart(pid) ?? null, mark }), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  remove(pid: number): void {
    rmSync(join(this.#dir, `${pid}.json`), { force: true });
  }

  /** Ends leftovers of a former run. @returns how many groups were ended */
  async endLeftovers(): Promise<number> {
    const groups = this.#read().filter(isStillOurs);
    for (const { pid } of groups) signalGroup(pid, 'SIGKILL');
    const deadline = Date.now() + killWaitMs;
    while (groups.some(({ pid }) => isGroupAlive(pid)) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const file of readdirSync(this.#dir)) rmSync(join(this.#dir, file), { force: true });
    return groups.length;
  }

  #read(): RecordedProcess[] {
    return readdirSync(this.#dir)
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => {
        try {
          const record = JSON.parse(readFileSync(join(this.#dir, file), 'utf8'));
          return Number.isSafeInteger(record.pid) && record.pid > 1 ? [record] : [];
        } catch {
          // Half-written by a crash: it names nothing that could be proven ours.
          return [];
        }
      });
  }
}

interface RecordedProcess {
  pid: number;
  start: string | null;
  mark: string;
}

function isStillOurs(record: RecordedProcess): boolean {
  const start = readProcessStart(record.pid);
  if (start !== undefined) return start === record.start;
  const members = readGroupMembers(record.pid);
  return members.length > 0 && members.every((member) => member.mark === record.mark);
}

/** @returns whether the group was there */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    // EPERM on macOS when only zombies are left in the group.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    throw error;
  }
}

export function isGroupAlive(pid: number): boolean {
  return signalGroup(pid, 0);
}
