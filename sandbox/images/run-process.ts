import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { processMark } from '../kubernetes/kubelet/group-members.ts';
import type { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';
import { createLineSplitter } from './line-splitter.ts';

export interface RunProcessOptions {
  command: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Lines of stdout and stderr in the order they come. */
  onLine: (line: string) => void;
  /** Where the process is on file while it runs, so that the next start ends it should this one be killed. */
  processes: ProcessRegistry;
  /** Written to stdin, which is then closed. */
  input?: string;
}

export type ProcessOutcome =
  | { kind: 'exited'; code: number }
  | { kind: 'killed'; signal: string }
  | { kind: 'timed-out' }
  | { kind: 'cancelled' }
  /** The program could not be started. */
  | { kind: 'unstartable'; reason: string };

/** A step has this long after SIGTERM before SIGKILL, as GitHub's runner gives between the two. */
const TERMINATE_GRACE_MS = 2_500;

/**
 * Runs a program in a process group of its own and waits for it. What it left running in the group is killed when it
 * ends, so that no step outlives its run. Never rejects.
 */
export function runProcess(options: RunProcessOptions): Promise<ProcessOutcome> {
  if (options.signal?.aborted) return Promise.resolve({ kind: 'cancelled' });
  return new Promise((resolve) => {
    const mark = randomUUID();
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...options.env, [processMark]: mark },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) options.processes.add(child.pid, mark);
    let ended: ProcessOutcome | undefined;
    let forced: 'timed-out' | 'cancelled' | undefined;
    let killTimer: NodeJS.Timeout | undefined;
    const end = (reason: 'timed-out' | 'cancelled') => {
      forced ??= reason;
      signalGroup(child.pid, 'SIGTERM');
      killTimer ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), TERMINATE_GRACE_MS);
    };
    const timeout = setTimeout(() => end('timed-out'), options.timeoutMs);
    const onAbort = () => end('cancelled');
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const out = createLineSplitter(options.onLine);
    const err = createLineSplitter(options.onLine);
    child.stdout.on('data', (chunk: Buffer) => out.write(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.write(chunk));
    // A program that does not read its input closes the pipe; its exit code tells what happened.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      ended ??= { kind: 'unstartable', reason: error.message };
      if (child.pid === undefined) finish();
    });
    child.on('exit', (code, signal) => {
      ended ??= code === null ? { kind: 'killed', signal: signal ?? 'unknown' } : { kind: 'exited', code };
      signalGroup(child.pid, 'SIGKILL');
    });
    child.on('close', () => finish());

    function finish(): void {
      if (child.pid !== undefined) options.processes.remove(child.pid);
      clearTimeout(timeout);
      clearTimeout(killTimer);
      options.signal?.removeEventListener('abort', onAbort);
      out.end();
      err.end();
      resolve(forced ? { kind: forced } : (ended ?? { kind: 'unstartable', reason: 'it closed without an exit code' }));
    }
  });
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group is gone already. EPERM: macOS says so for a group of zombies.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
