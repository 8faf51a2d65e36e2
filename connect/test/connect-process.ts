import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const CONNECT_MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface Message {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of any shape
  result?: any;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

export interface ConnectProcess {
  write(...messages: object[]): void;
  writeRaw(bytes: string | Buffer): void;
  /** The next message on stdout; fails when the process ends first. */
  next(): Promise<Message>;
  /** Messages until the one with this id, that one included. */
  until(id: unknown): Promise<Message[]>;
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<number | string>;
  stderr(): string;
  /** All of stdout, to show that nothing but JSON-RPC was written. */
  stdout(): string;
}

const started = new Set<ChildProcessWithoutNullStreams>();

export function startConnect(args: string[], env: Record<string, string> = {}): ConnectProcess {
  const child = spawn(process.execPath, [CONNECT_MAIN, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: '/dev/null', MCP_CONNECT_PATIENCE_MS: '50000', ...env },
  });
  started.add(child);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stdin.on('error', () => {});
  // After all of its output, which may come later than its end.
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Message> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`mcp-connect ended: ${stderr}`);
    return JSON.parse(value);
  };
  return {
    write: (...messages) => child.stdin.write(messages.map((message) => `${JSON.stringify(message)}\n`).join('')),
    writeRaw: (bytes) => child.stdin.write(bytes),
    next,
    until: async (id) => {
      const messages = [await next()];
      while (messages.at(-1)?.id !== id) messages.push(await next());
      return messages;
    },
    endInput: () => child.stdin.end(),
    kill: (signal) => child.kill(signal),
    exited,
    stderr: () => stderr,
    stdout: () => stdout,
  };
}

/** For `afterEach`: nothing started by a test outlives it. */
export async function killStarted(): Promise<void> {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  started.clear();
}
