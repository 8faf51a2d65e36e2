import { RESTART_DELAY_MAX_MS, RESTART_DELAY_MIN_MS } from '../limits.ts';
import { type ChildCommand, type ChildSink, StdioChild } from './child-process.ts';

/** Children started ahead of need, not yet introduced: a session then waits for its handshake alone. */
export class ChildPool {
  readonly #command: ChildCommand;
  readonly #size: number;
  readonly #writeStderrLine: (text: string) => void;
  readonly #waiting: StdioChild[] = [];
  #refillTimer: NodeJS.Timeout | undefined;
  #refillDelayMs = RESTART_DELAY_MIN_MS;
  #isClosed = false;

  constructor(options: { command: ChildCommand; size: number; writeStderrLine: (text: string) => void }) {
    this.#command = options.command;
    this.#size = options.size;
    this.#writeStderrLine = options.writeStderrLine;
  }

  get size(): number {
    return this.#waiting.length;
  }

  fill(): void {
    while (!this.#isClosed && this.#waiting.length < this.#size) this.#startOne();
  }

  /** One that waits, or a new one. */
  take(sink: ChildSink): StdioChild {
    const child = this.#waiting.shift();
    setImmediate(() => this.fill());
    if (!child) return new StdioChild(this.#command, sink);
    this.#refillDelayMs = RESTART_DELAY_MIN_MS;
    child.sink = sink;
    return child;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#refillTimer);
    await Promise.all(this.#waiting.splice(0).map((child) => child.stop()));
  }

  kill(): void {
    for (const child of this.#waiting) child.kill();
  }

  #startOne(): void {
    const child = new StdioChild(this.#command, {
      line: () => {},
      oversized: () => {},
      stderrLine: this.#writeStderrLine,
      hungUp: () => child.kill(),
      exit: () => this.#onExit(child),
    });
    this.#waiting.push(child);
  }

  /** A server that ends while it waits would be started over and over. */
  #onExit(child: StdioChild): void {
    const index = this.#waiting.indexOf(child);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    if (this.#isClosed) return;
    clearTimeout(this.#refillTimer);
    this.#refillTimer = setTimeout(() => this.fill(), this.#refillDelayMs);
    this.#refillDelayMs = Math.min(this.#refillDelayMs * 2, RESTART_DELAY_MAX_MS);
  }
}
