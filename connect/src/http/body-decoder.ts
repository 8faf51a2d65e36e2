import { CHUNK_LINE_BYTES_MAX, HEAD_BYTES_MAX } from './limits.ts';
import type { Framing } from './parse-head.ts';

/** Finds the end of one body. */
export interface BodyDecoder {
  /**
   * Hands on what is of the body.
   * @returns the bytes that belong to the body; fewer than there are when it has ended
   * @throws Error for what is no body
   */
  push(bytes: Buffer, onData: (bytes: Buffer) => void): number;
  readonly isDone: boolean;
  /** Whether the end of the connection is the end of the body, and not a cut. */
  readonly endsWithConnection: boolean;
}

export function createBodyDecoder(framing: Framing): BodyDecoder {
  if (framing.kind === 'chunked') return new ChunkedBody();
  if (framing.kind === 'close') return new PlainBody(Number.POSITIVE_INFINITY);
  return new PlainBody(framing.kind === 'length' ? framing.bytes : 0);
}

class PlainBody implements BodyDecoder {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  get endsWithConnection(): boolean {
    return this.#left === Number.POSITIVE_INFINITY;
  }

  push(bytes: Buffer, onData: (bytes: Buffer) => void): number {
    const own = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    this.#left -= own.length;
    if (own.length > 0) onData(own);
    return own.length;
  }
}

const NEWLINE = 0x0a;

/** RFC 9112, 7.1. Extensions and trailer fields are skipped. */
class ChunkedBody implements BodyDecoder {
  readonly endsWithConnection = false;
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size';
  #line = '';
  /** Of the chunk, or of the trailer fields so far. */
  #bytes = 0;

  get isDone(): boolean {
    return this.#state === 'done';
  }

  push(bytes: Buffer, onData: (bytes: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state !== 'data') {
        at = this.#readLine(bytes, at);
        continue;
      }
      const end = Math.min(bytes.length, at + this.#bytes);
      this.#bytes -= end - at;
      onData(bytes.subarray(at, end));
      at = end;
      if (this.#bytes === 0) this.#state = 'data-end';
    }
    return at;
  }

  /** @returns where to go on */
  #readLine(bytes: Buffer, at: number): number {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline < 0 ? bytes.length : newline;
    this.#line += bytes.toString('latin1', at, end);
    if (this.#line.length > CHUNK_LINE_BYTES_MAX) throw new Error('the line of a chunk is too long');
    if (newline < 0) return end;
    const line = this.#line;
    if (!line.endsWith('\r')) throw new Error('the line of a chunk ends without CR');
    this.#line = '';
    this.#takeLine(line.slice(0, -1));
    return newline + 1;
  }

  #takeLine(line: string): void {
    if (this.#state === 'size') {
      const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
      if (size === undefined) throw new Error('the size of a chunk is no number');
      this.#bytes = Number.parseInt(size, 16);
      this.#state = this.#bytes === 0 ? 'trailer' : 'data';
    } else if (this.#state === 'data-end') {
      if (line !== '') throw new Error('a chunk is longer than it said');
      this.#state = 'size';
    } else if (line === '') {
      this.#state = 'done';
    } else {
      this.#bytes += line.length;
      if (this.#bytes > HEAD_BYTES_MAX) throw new Error('the trailer fields are too long');
    }
  }
}
