import type { Socket } from 'node:net';
import { CONNECTION_KEEP_ALIVE_MS, PIPELINED_BYTES_MAX, PLAIN_BODY_BYTES_MAX, PLAIN_BODY_WAIT_MS } from '../limits.ts';
import { PlainReply, type ReplyConnection } from './plain-reply.ts';
import { type PlainHead, PlainRequest, parsePlainHead } from './plain-request.ts';

export interface PlainConnectionOptions {
  headerBytesMax: number;
  headersMax: number;
  onRequest: (req: PlainRequest, reply: PlainReply) => void;
  isDraining: () => boolean;
  /** Takes the connection with all its bytes that were not answered, for good. */
  handOver: () => void;
}

/**
 * One connection as long as it brings plain requests only, which is what MCP clients send nearly always. `node:http` is
 * most of what such a call costs (`docs/performance.md`); whatever is not plain, or late, is left to it.
 */
export class PlainConnection implements ReplyConnection {
  readonly socket: Socket;
  isEnding = false;
  readonly #options: PlainConnectionOptions;
  #reply: PlainReply | undefined;
  /** What was read and is not answered yet. */
  #rest: Buffer | undefined;
  #isAdvancing = false;
  /** Clients repeat their heads, so each is taken apart once. */
  #lastHead = '';
  #last: PlainHead | undefined;
  /** Runs while a body is on its way. */
  #bodyTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: PlainConnectionOptions) {
    this.socket = socket;
    this.#options = options;
    socket.setTimeout(CONNECTION_KEEP_ALIVE_MS);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  get isDraining(): boolean {
    return this.#options.isDraining();
  }

  /** After the answer that is in hand, or at once; what is still on its way is left to `node:http`. */
  end(): void {
    this.isEnding = true;
    if (this.#reply) return;
    if (this.#rest) this.#handOver();
    else this.socket.end();
  }

  /** A reader that is slow to take its answer gets no other before. */
  over(reply: PlainReply): void {
    if (this.socket.writableNeedDrain) this.socket.once('drain', () => this.#finish(reply));
    else this.#finish(reply);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#rest = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    if (!this.#reply) this.#advance();
    // Read on for a while: a client that goes away is noticed by its end only.
    else if (this.#rest.length > PIPELINED_BYTES_MAX) this.socket.pause();
  };

  /** As `node:http` does: who has ended its half waits for no answer. */
  readonly #onEnd = (): void => void this.socket.end();

  readonly #onTimeout = (): void => {
    if (!this.#reply || this.#reply.writableEnded) this.socket.destroy();
  };

  /** `close` follows. */
  readonly #onError = (): void => void this.socket.destroy();

  readonly #onClose = (): void => {
    clearTimeout(this.#bodyTimer);
    this.#reply?.close();
  };

  /** One request after the other: answers leave in the order in which their requests came (RFC 9112, 9.3.2). */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#rest && !this.#reply && this.socket.writable) {
      const req = this.#takeRequest(this.#rest);
      if (!req) return this.#handOver();
      if (req === 'incomplete') {
        this.#bodyTimer ??= setTimeout(() => this.#handOver(), PLAIN_BODY_WAIT_MS);
        break;
      }
      const reply = new PlainReply(req, this);
      this.#reply = reply;
      this.#options.onRequest(req, reply);
    }
    this.#isAdvancing = false;
    if (!this.#reply && this.socket.isPaused()) this.socket.resume();
  }

  /** @returns undefined for what is not plain */
  #takeRequest(bytes: Buffer): PlainRequest | 'incomplete' | undefined {
    const { headerBytesMax, headersMax } = this.#options;
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0 || headEnd > headerBytesMax) return undefined;
    const text = bytes.toString('latin1', 0, headEnd + 2);
    if (text !== this.#lastHead) {
      this.#lastHead = text;
      this.#last = parsePlainHead(text, headersMax);
    }
    const head = this.#last;
    if (!head) return undefined;
    const start = headEnd + 4;
    const end = start + head.contentLength;
    if (bytes.length < end) return head.contentLength <= PLAIN_BODY_BYTES_MAX ? 'incomplete' : undefined;
    clearTimeout(this.#bodyTimer);
    this.#bodyTimer = undefined;
    this.#rest = bytes.length === end ? undefined : bytes.subarray(end);
    return new PlainRequest(head, { body: bytes.subarray(start, end), socket: this.socket });
  }

  #finish(reply: PlainReply): void {
    this.#reply = undefined;
    reply.close();
    if (this.isEnding) this.socket.end();
    else this.#advance();
  }

  #handOver(): void {
    const { socket } = this;
    clearTimeout(this.#bodyTimer);
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('timeout', this.#onTimeout);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.setTimeout(0);
    if (this.#rest) socket.unshift(this.#rest);
    this.#options.handOver();
    socket.resume();
  }
}
