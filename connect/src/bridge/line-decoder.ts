import { LineOutline } from './line-outline.ts';

export const NEWLINE = 0x0a;

export interface LineDecoderOptions {
  lineBytesMax: number;
  onLine: (text: string) => void;
  /** Gets the outline (see LineOutline) of a line that was too long. */
  onOversized: (outline: string) => void;
}

/**
 * Cuts a byte stream into lines (`\n` or `\r\n`). Bytes stay Buffers until the line is whole, so a character split over
 * two chunks stays intact. A line above the limit is dropped while it streams by, and reported by its outline when it ends.
 */
export class LineDecoder {
  readonly #options: LineDecoderOptions;
  #outline: LineOutline | undefined;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(options: LineDecoderOptions) {
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
    this.#parts.push(part);
    if (this.#bytes <= this.#options.lineBytesMax) return;
    this.#outline ??= new LineOutline();
    for (const dropped of this.#parts.splice(0)) this.#outline.push(dropped);
  }

  #finishLine(): void {
    const outline = this.#outline;
    const [first, second] = this.#parts;
    const text = (first && !second ? first : Buffer.concat(this.#parts)).toString('utf8');
    this.#parts = [];
    this.#outline = undefined;
    this.#bytes = 0;
    if (outline) this.#options.onOversized(outline.text);
    else this.#options.onLine(text.endsWith('\r') ? text.slice(0, -1) : text);
  }
}
