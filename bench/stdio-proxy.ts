import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

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
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
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

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
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

  #receive(line: string): void {
    const message = JSON.parse(line) as { id?: number; method?: string; error?: { message: string } };
    const waiting = message.method === undefined ? this.#waiting.get(message.id ?? -1) : undefined;
    if (!waiting) return;
    this.#waiting.delete(message.id ?? -1);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve();
  }
}
