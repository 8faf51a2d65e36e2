/** What is left of a line that was longer than allowed: enough to find a JSON-RPC id at either end. */
export interface OversizedLine {
  head: string;
  tail: string;
  bytes: number;
}

export interface LineSink {
  line(text: string): void;
  oversized(line: OversizedLine): void;
}

const EDGE_BYTES = 256;
const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines. Bytes are kept as Buffers until a line is whole, so a character split over two
 * chunks stays intact. A line above `lineBytesMax` is dropped while it streams by, never collected.
 */
export class LineDecoder {
  readonly #lineBytesMax: number;
  readonly #sink: LineSink;
  #parts: Buffer[] = [];
  #bytes = 0;
  #dropped: { head: Buffer; tail: Buffer; bytes: number } | undefined;

  constructor(lineBytesMax: number, sink: LineSink) {
    this.#lineBytesMax = lineBytesMax;
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#add(chunk.subarray(start, end));
      this.#finishLine();
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
  }

  /** Hands out what stands after the last newline; call it when the stream has ended. */
  end(): void {
    if (this.#bytes > 0 || this.#dropped) this.#finishLine();
  }

  #add(part: Buffer): void {
    if (this.#dropped) {
      const tail = Buffer.concat([this.#dropped.tail, part.subarray(-EDGE_BYTES)]).subarray(-EDGE_BYTES);
      this.#dropped = { head: this.#dropped.head, tail, bytes: this.#dropped.bytes + part.length };
      return;
    }
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= this.#lineBytesMax) return;
    const whole = Buffer.concat(this.#parts);
    // Copies: a view would keep the whole buffer alive.
    const head = Buffer.from(whole.subarray(0, EDGE_BYTES));
    this.#dropped = { head, tail: Buffer.from(whole.subarray(-EDGE_BYTES)), bytes: whole.length };
    this.#parts = [];
    this.#bytes = 0;
  }

  #finishLine(): void {
    const dropped = this.#dropped;
    if (dropped) {
      this.#dropped = undefined;
      this.#sink.oversized({ head: dropped.head.toString(), tail: dropped.tail.toString(), bytes: dropped.bytes });
      return;
    }
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    const text = whole.toString('utf8').trim();
    if (text !== '') this.#sink.line(text);
  }
}
