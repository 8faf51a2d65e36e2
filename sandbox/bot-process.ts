import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { ProcessRegistry } from './kubernetes/kubelet/process-registry.ts';

export interface BotProcess {
  pid: number;
  /** Resolves when the process is gone. */
  exited: Promise<number | null>;
  close(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** Migrations of an empty database take under a second; a busy machine takes longer. */
const READY_DEADLINE_MS = 60_000;
const READY_POLL_MS = 50;
/** What is under way is finished first; then the process is ended. */
const STOP_DEADLINE_MS = 15_000;

/**
 * Starts the bot as its own process with nothing but environment variables, and waits until it says that it is ready.
 * Its log goes to `logFile`. @throws Error with the log's last lines when it ends before.
 */
export async function startBot(options: {
  env: Readonly<Record<string, string>>;
  url: string;
  logFile: string;
  /** Where its pid is kept, so that the next start ends a bot that outlived a killed sandbox. */
  processDir: string;
}): Promise<BotProcess> {
  const registry = new ProcessRegistry(options.processDir);
  await registry.endLeftovers();
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
      if (tail.length > 20) tail.shift();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  let gone = false;
  void exited.then(() => {
    gone = true;
    registry.remove(pid);
    log.end();
  });
  await waitUntilReady(`${options.url}/ready`, () => gone, tail);
  return {
    pid,
    exited,
    close: async () => {
      if (gone) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
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
