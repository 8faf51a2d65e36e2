const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines (`\n` or `\r\n`). Bytes stay Buffers until the line is whole, so a character split over
 * two chunks stays intact. A line above the limit is dropped while it streams by, and reported when it ends.
 */
export class LineDecoder {
  readonly #options: { lineBytesMax: number; onLine: (text: string) => void; onOversized: () => void };
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(options: { lineBytesMax: number; onLine: (text: string) => void; onOversized: () => void }) {
    this.#options = options;
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
    if (this.#bytes > 0) this.#finishLine();
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes <= this.#options.lineBytesMax) this.#parts.push(part);
    else this.#parts = [];
  }

  #finishLine(): void {
    const isOversized = this.#bytes > this.#options.lineBytesMax;
    const [first, second] = this.#parts;
    const text = (first && !second ? first : Buffer.concat(this.#parts)).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    if (isOversized) this.#options.onOversized();
    else this.#options.onLine(text.endsWith('\r') ? text.slice(0, -1) : text);
  }
}
