import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a program remembers for its next start is kept at its end, so it is given time for that. */
const END_TIMEOUT_MS = 500;

/** A local proxy such as mcp-connect, driven as an MCP client drives it: JSON-RPC lines on its stdio. */
export class StdioProxy {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  readonly #startedAtMs = performance.now();
  #lastId = 0;

  constructor(command: readonly string[], env: Record<string, string> = {}) {
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, ...env } });
    this.#child.stdin.on('error', () => {});
    this.#readLines();
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The proxy ended'));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Initialises and lists the tools. @returns the time from the start of the process, in ms */
  async open(): Promise<number> {
    const clientInfo = { name: 'bench', version: '1' };
    await this.#request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.#send({ method: 'notifications/initialized' });
    await this.#request('tools/list', {});
    return performance.now() - this.#startedAtMs;
  }

  callEcho(): Promise<void> {
    return this.#request('tools/call', { name: 'echo', arguments: { message: 'hi' } });
  }

  /** As clients do: the end of its input, and the end of it where that is not enough. */
  async close(): Promise<void> {
    const { stdin, exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    stdin.end();
    await Promise.race([exited, sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    this.#child.kill('SIGKILL');
    await exited;
  }

  #request(method: string, params: object): Promise<void> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  #send(message: object): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  /** Faster than `node:readline`, which searches with a regular expression: it shares the machine with what it measures. */
  #readLines(): void {
    let text = '';
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.#receive(text.slice(0, end));
        text = text.slice(end + 1);
      }
    });
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as { id?: number; method?: string; error?: { message: string } };
    const waiting = message.method === undefined ? this.#waiting.get(message.id ?? -1) : undefined;
    if (!waiting) return;
    this.#waiting.delete(message.id ?? -1);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve();
  }
}
