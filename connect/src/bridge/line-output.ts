import type { Writable } from 'node:stream';
import { ERROR, errorResponse, type JsonObject, type RequestId } from './json-rpc.ts';

/** Writes messages as lines, those of one turn of the event loop at once. */
export class LineOutput {
  readonly #output: Writable;
  #lines: string[] = [];

  constructor(output: Writable) {
    this.#output = output;
  }

  write(message: JsonObject): void {
    if (this.#lines.push(this.#render(message)) === 1) setImmediate(() => this.flush());
  }

  /** What the server nested too deeply to be written: its call has an error instead, and a notice no params. */
  #render({ params, ...message }: JsonObject): string {
    try {
      return JSON.stringify({ ...message, ...(params !== undefined && { params }) });
    } catch {
      if (message.method !== undefined) return JSON.stringify(message);
      const error = { code: ERROR.internal, message: 'The server answered with something nested too deeply' };
      return JSON.stringify(errorResponse(message.id as RequestId, error));
    }
  }

  /** Does not wait for more: nobody is left who could have something to say. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#output.write(text);
  }

  /** Calls `resume` when a slow reader has caught up. @returns false when there is nothing to wait for */
  awaitReader(resume: () => void): boolean {
    if (!this.#output.writableNeedDrain) return false;
    this.#output.once('drain', resume);
    return true;
  }

  /** Resolves when everything has been handed to the system. */
  async flushed(): Promise<void> {
    this.flush();
    if (this.#output.writableLength === 0 || this.#output.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#output.write('', () => resolve());
      this.#output.once('error', () => resolve());
      this.#output.once('close', () => resolve());
    });
  }
}
