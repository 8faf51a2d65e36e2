import { STREAM_BUFFER_BYTES_MAX, STREAM_KEEP_ALIVE_MS } from '../limits.ts';
import type { HttpReply } from './http-exchange.ts';

/** One open `text/event-stream` answer. A reader too slow to keep up is cut off; a silent stream gets comments. */
export class EventStream {
  readonly #res: HttpReply;
  readonly #timer: NodeJS.Timeout;

  constructor(res: HttpReply, headers: Record<string, string> = {}) {
    this.#res = res;
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    res.flushHeaders();
    this.#timer = setInterval(() => this.#write(': keep-alive\n\n'), STREAM_KEEP_ALIVE_MS);
    res.once('close', () => clearInterval(this.#timer));
  }

  get isOpen(): boolean {
    return !this.#res.writableEnded && !this.#res.destroyed;
  }

  onClose(listener: () => void): void {
    this.#res.once('close', listener);
  }

  /** @param text one JSON-RPC message without line breaks. False when the reader has gone. */
  send(text: string, eventId?: string): boolean {
    const id = eventId === undefined ? '' : `id: ${eventId}\n`;
    return this.#write(`event: message\n${id}data: ${text}\n\n`);
  }

  /** An event without content, whose id lets the client resume from the beginning (2025-11-25, transports, SSE). */
  prime(eventId: string, retryMs: number): void {
    this.#write(`id: ${eventId}\nretry: ${retryMs}\ndata: \n\n`);
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.isOpen) this.#res.end();
  }

  #write(chunk: string): boolean {
    if (!this.isOpen) return false;
    if (this.#res.writableLength > STREAM_BUFFER_BYTES_MAX) {
      this.#res.destroy();
      return false;
    }
    this.#res.write(chunk);
    return true;
  }
}
