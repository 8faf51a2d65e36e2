import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createLineSplitter } from '../../images/line-splitter.ts';
import type { RunSpec } from '../../images/run-spec.ts';
import type { ContainerExit } from './container-runtime.ts';
import { processMark } from './group-members.ts';
import { isGroupAlive, type ProcessRegistry, signalGroup } from './process-registry.ts';

/** Members of a group that outlive their leader get this long before SIGKILL. */
const orphanGraceMs = 500;
/** How long the last output of an ended process is waited for; a daemon that left the group may hold the pipe for ever. */
const lastLinesMs = 500;
/** How often a group that was told to end is looked at. */
const groupPollMs = 25;

interface ContainerProcess {
  pid: number;
  /** Settles when the whole group is gone. Never rejects. */
  exited: Promise<ContainerExit>;
  /** SIGTERM, and SIGKILL after `graceMs`, both to the whole group. */
  stop(graceMs: number): Promise<ContainerExit>;
}

/** Starts a process as leader of its own group. @throws when it cannot be started at all (ENOENT, EACCES) */
export async function startProcess(options: {
  spec: RunSpec;
  registry: ProcessRegistry;
  onLine: (line: string) => void;
}): Promise<ContainerProcess> {
  const { spec, registry, onLine } = options;
  const mark = randomUUID();
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: { ...spec.env, [processMark]: mark },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  if (pid !== undefined) registry.add(pid, mark);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  if (pid === undefined) throw new Error(`Cannot start ${spec.command}: it has no pid`);
  const closed = new Promise((resolve) => child.once('close', resolve));
  for (const stream of [child.stdout, child.stderr]) forwardLines(stream, onLine);
  const exited = new Promise<ContainerExit>((resolve) => {
    child.once('exit', (code, signal) => {
      endGroup(pid)
        .then(() => Promise.race([closed, delay(lastLinesMs)]))
        .then(() => {
          registry.remove(pid);
          resolve({ exitCode: code ?? 128 + signalNumber(signal), isOutOfMemory: false });
        });
    });
  });
  return {
    pid,
    exited,
    async stop(graceMs) {
      signalGroup(pid, 'SIGTERM');
      const kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(kill);
      return exit;
    },
  };
}

/** What a leader leaves behind in its group ends with it, as in a container. */
async function endGroup(pid: number): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  for (let waitedMs = 0; waitedMs < orphanGraceMs; waitedMs += groupPollMs) {
    if (!isGroupAlive(pid)) return;
    await delay(groupPollMs);
  }
  signalGroup(pid, 'SIGKILL');
}

function forwardLines(stream: Readable, onLine: (line: string) => void): void {
  const splitter = createLineSplitter(onLine);
  stream.on('data', (chunk: Buffer) => splitter.write(chunk));
  stream.on('end', () => splitter.end());
  // A stream that breaks off has no more lines; the exit tells the rest.
  stream.on('error', () => splitter.end());
}

function signalNumber(signal: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGABRT: 6,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGTERM: 15,
  };
  return signal === null ? 0 : (numbers[signal] ?? 1);
}
