import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { ProcessRegistry } from './kubernetes/kubelet/process-registry.ts';

export interface BotProcess {
  close(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** Migrations of an empty database take under a second; a busy machine takes longer. */
const READY_DEADLINE_MS = 60_000;
const READY_POLL_MS = 50;
/** What is under way is finished first; then the process is ended. */
const STOP_DEADLINE_MS = 15_000;
const RESTART_DELAY_MS = 500;
/** Chunks of its output that are kept for the error of a start that failed. */
const TAIL_CHUNKS = 20;

interface BotOptions {
  env: Readonly<Record<string, string>>;
  url: string;
  logFile: string;
  /** Where its pid is kept, so that the next start ends a bot that outlived a killed sandbox. */
  processDir: string;
  log: (line: string) => void;
}

/**
 * Starts the bot as its own process with nothing but environment variables, and waits until it says that it is ready.
 * One that dies is started again, as a Deployment would. @throws Error with the log's last lines when it never gets ready.
 */
export async function startBot(options: BotOptions): Promise<BotProcess> {
  const registry = new ProcessRegistry(options.processDir);
  await registry.endLeftovers();
  let closing = false;
  let current = spawnBot(options, registry);
  const supervised = (async () => {
    while (!closing) {
      const code = await current.exited;
      if (closing) return;
      options.log(`The bot ended (${code}); it is started again`);
      await delay(RESTART_DELAY_MS);
      if (!closing) current = spawnBot(options, registry);
    }
  })();
  const close = async (): Promise<void> => {
    closing = true;
    await endBot(current);
    await supervised;
  };
  const first = current;
  try {
    await waitUntilReady(`${options.url}/ready`, () => current !== first, first.tail);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

interface SpawnedBot {
  child: ChildProcess;
  /** What the process ended with: its exit code, or the signal's name. */
  exited: Promise<string>;
  tail: string[];
}

function spawnBot(options: BotOptions, registry: ProcessRegistry): SpawnedBot {
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid as number;
  registry.add(pid, '');
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log.write(chunk);
      tail.push(chunk.toString('utf8'));
      if (tail.length > TAIL_CHUNKS) tail.shift();
    });
  }
  const exited = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => {
      registry.remove(pid);
      log.end();
      resolve(signal ?? String(code));
    });
  });
  return { child, exited, tail };
}

async function endBot({ child, exited }: SpawnedBot): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}

async function waitUntilReady(url: string, isGone: () => boolean, tail: string[]): Promise<void> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (isGone()) break;
    const status = await request(url).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      () => 0,
    );
    if (status === 200) return;
    await delay(READY_POLL_MS);
  }
  throw new Error(
    `Cannot start the bot: it did not become ready.\n${tail.join('').trim().split('\n').slice(-15).join('\n')}`,
  );
}
