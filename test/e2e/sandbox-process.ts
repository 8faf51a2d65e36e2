import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxFile } from '../../sandbox/sandbox-file.ts';
import { freePorts } from './free-ports.ts';

const PROGRAMS = {
  sandbox: fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url)),
  cli: fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
};

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A program of the repository as a person starts it in a terminal. */
export interface RunningProgram {
  pid: number;
  ended: Promise<Ended>;
  /** Waits for a piece of its output. @returns all of it @throws Error when it ends without */
  shows(text: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

export function startProgram(name: keyof typeof PROGRAMS, args: readonly string[]): RunningProgram {
  const { NO_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, [PROGRAMS[name], ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      output[stream] += chunk;
      for (const watch of watchers) watch();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  const shown = (text: string) => output.stdout.includes(text) || output.stderr.includes(text);
  return {
    pid: child.pid as number,
    ended,
    async shows(text) {
      if (shown(text)) return output.stdout + output.stderr;
      const seen = new Promise<void>((resolve) => watchers.add(() => shown(text) && resolve()));
      const gone = ended.then(() => {
        if (!shown(text)) throw new Error(`It ended without "${text}":\n${output.stdout}\n${output.stderr}`);
      });
      await Promise.race([seen, gone]);
      return output.stdout + output.stderr;
    },
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs a program to its end. */
export function runProgram(name: keyof typeof PROGRAMS, args: readonly string[]): Promise<Ended> {
  return startProgram(name, args).ended;
}

/** Options of a sandbox of its own: free ports, an empty folder. */
export interface Place {
  port: number;
  dataDir: string;
  args: string[];
  remove(): Promise<void>;
}

export async function newPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-hosting-start-'));
  const dataDir = join(folder, 'data');
  const port = await freePorts();
  return {
    port,
    dataDir,
    args: ['--port', String(port), '--data-dir', dataDir],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export function readSandboxFile({ dataDir }: Place): SandboxFile {
  return JSON.parse(readFileSync(join(dataDir, 'sandbox.json'), 'utf8'));
}

/** Pids that a sandbox wrote down: of the bot, of PostgreSQL and of pods. */
export function recordedPids({ dataDir }: Place): number[] {
  const folders = [join(dataDir, 'processes'), join(dataDir, 'kubernetes', 'processes')];
  const groups = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  const postmaster = join(dataDir, 'postgres', 'postmaster.pid');
  const named = existsSync(postmaster) ? [readFileSync(postmaster, 'utf8')] : [];
  return [...groups, ...named].map((text) => Number.parseInt(text, 10)).filter((pid) => pid > 1);
}

/** Processes of a sandbox that live: recorded ones, and on Linux all that have its folder in their command or variables. */
export function livingProcesses(place: Place, recorded: readonly number[] = []): number[] {
  const alive = recorded.filter((pid) => isAlive(pid) || isAlive(-pid));
  if (!existsSync('/proc/self/environ')) return alive;
  const mentioned = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && mentions(name, place.dataDir));
  return [...new Set([...alive, ...mentioned.map(Number)])];
}

/** @param pid negative: of a process group */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(Math.abs(pid));
  } catch {
    return false;
  }
}

/** One that ended and was not waited for yet by its new parent. */
function isZombie(pid: number): boolean {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return /\) Z /.test(stat);
}

function mentions(pid: string, text: string): boolean {
  return ['cmdline', 'environ'].some((file) => readIfThere(`/proc/${pid}/${file}`).includes(text));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
