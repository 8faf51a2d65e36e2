import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from './contestants.ts';
import { readDescendants } from './process-memory.ts';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const LISTEN_POLL_MS = 5;
const OUTPUT_CHARACTERS_SHOWN = 2_000;

export interface RunningContestant {
  url: string;
  pid: number;
  /** `performance.now()` just before the process was started. */
  startedAtMs: number;
  /** Ends the process and everything it has started. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** For an exit in the middle of a measurement. Children follow, since their stdin ends. */
export function killRunningContestants(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * Starts one on a free port of 127.0.0.1 and waits until it accepts connections.
 * @throws Error with the end of its output when it does not get there
 */
export async function startContestant({
  name,
  command,
  env,
}: Pick<Contestant, 'command' | 'env'> & { name: string }): Promise<RunningContestant> {
  const port = await findFreePort();
  const [file = '', ...args] = command(port);
  let output = '';
  const startedAtMs = performance.now();
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env?.(port) } });
  running.add(child);
  const exited = once(child, 'exit').then(() => running.delete(child));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS_SHOWN);
    });
  }
  const stop = () => stopWithDescendants(child, exited);
  while (!(await isListening(port))) {
    if (running.has(child) && performance.now() - startedAtMs < START_TIMEOUT_MS) {
      await sleep(LISTEN_POLL_MS);
      continue;
    }
    await stop();
    throw new Error(`Cannot start ${name}: ${output.trim() || 'it does not listen'}`);
  }
  return { url: `http://127.0.0.1:${port}/mcp`, pid: child.pid ?? 0, startedAtMs, stop };
}

async function stopWithDescendants(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  // Before it ends: those it leaves behind are not to be found by their parent afterwards.
  const descendants = readDescendants(child.pid ?? 0);
  child.kill('SIGTERM');
  await Promise.race([exited, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  if (running.has(child)) child.kill('SIGKILL');
  await exited;
  for (const pid of descendants) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ESRCH: it has ended with its parent, as it should.
    }
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
