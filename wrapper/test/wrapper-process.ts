import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
export const FIXTURE = fileURLToPath(new URL('./fixtures/stdio-server.js', import.meta.url));
export const EVERYTHING = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);

export interface WrapperProcess {
  pid: number;
  url: string;
  origin: string;
  /** Every line of stderr so far. */
  lines: string[];
  /** Resolves with the fields of the first log line with this message, which may have come already. */
  logged(message: string, occurrence?: number): Promise<Record<string, unknown>>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the signal it died of. */
  exited: Promise<number | string>;
}

const started = new Set<ChildProcess>();

/** Starts the wrapper as a process of its own in front of the fixture, or of `command`, and waits until it listens. */
export async function startWrapper(
  options: {
    args?: string[];
    flags?: string[];
    command?: string[];
    env?: Record<string, string>;
    /** Without the variables of the test's own process. */
    isEnvBare?: boolean;
    isReady?: boolean;
  } = {},
): Promise<WrapperProcess> {
  const command = options.command ?? [process.execPath, FIXTURE, ...(options.flags ?? [])];
  const args = [MAIN, '--host', '127.0.0.1', '--port', '0', ...(options.args ?? []), '--', ...command];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...(options.isEnvBare ? { PATH: process.env.PATH } : process.env), ...options.env },
  });
  started.add(child);
  const { lines, waitFor } = collectLines(child);
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const logged: WrapperProcess['logged'] = (message, occurrence = 1) =>
    waitFor((all) => all.map(parseLogLine).filter((line) => line?.message === message)[occurrence - 1]);
  const { port } = await logged('Listening');
  if (options.isReady !== false) await logged('Child ready');
  const origin = `http://127.0.0.1:${String(port)}`;
  const pid = child.pid ?? 0;
  return { pid, origin, url: `${origin}/mcp`, lines, logged, exited, kill: (signal) => child.kill(signal) };
}

/** For `afterEach`: nothing started by a test outlives it. A killed wrapper's server ends by EOF. */
export async function killStarted(): Promise<void> {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  started.clear();
}

function collectLines(child: ChildProcess): {
  lines: string[];
  waitFor: <T>(find: (lines: string[]) => T | undefined) => Promise<T>;
} {
  const lines: string[] = [];
  const checks = new Set<() => void>();
  const notify = (): void => {
    for (const check of [...checks]) check();
  };
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      notify();
    });
  }
  let isOver = false;
  // The last lines may come later than its exit.
  child.once('close', () => {
    isOver = true;
    setImmediate(notify);
  });
  const waitFor = <T>(find: (lines: string[]) => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = find(lines);
        if (found === undefined && !isOver) return;
        checks.delete(check);
        if (found === undefined) reject(new Error(`The wrapper exited: ${lines.join('\n')}`));
        else resolve(found);
      };
      checks.add(check);
      check();
    });
  return { lines, waitFor };
}

function parseLogLine(line: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line);
    return value?.name === 'mcp-wrapper' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Ports below those that systems hand out (from 32,768 on Linux), 250 for each worker of Jest. */
const PORTS_FROM = 30_000 + (Number(process.env.JEST_WORKER_ID ?? 0) % 10) * 250;
const PORTS = 250;
let nextPort = Math.floor(Math.random() * PORTS);

/** A port that stays free until it is used, for what must be told its own address or comes back at it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS_FROM + (nextPort++ % PORTS);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
