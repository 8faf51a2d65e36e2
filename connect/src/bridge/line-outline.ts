/** Bytes of an outline. What JSON-RPC has at the top of a message, method and id, is far below. */
const OUTLINE_BYTES_MAX = 4 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const OPENING: ReadonlySet<number> = new Set(Buffer.from('{['));
const CLOSING: ReadonlySet<number> = new Set(Buffer.from('}]'));

/**
 * What a line of JSON that is too long to be kept has at its top: everything, with a 0 in the place of each object or array
 * that is a value there. It is enough to tell whose request or answer was lost.
 */
export class LineOutline {
  #kept: number[] = [];
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  push(bytes: Buffer): void {
    for (const byte of bytes) this.#take(byte);
  }

  /** No JSON when the line was none, or has too much at its top. */
  get text(): string {
    return Buffer.from(this.#kept).toString('utf8');
  }

  #take(byte: number): void {
    if (this.#isInString) {
      this.#keep(byte);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = false;
    } else if (OPENING.has(byte)) {
      this.#keep(this.#depth === 1 ? ZERO : byte);
      this.#depth += 1;
    } else if (CLOSING.has(byte)) {
      this.#depth -= 1;
      if (this.#depth === 0) this.#keep(byte);
    } else {
      this.#keep(byte);
      if (byte === QUOTE) this.#isInString = true;
    }
  }

  #keep(byte: number): void {
    if (this.#depth <= 1 && this.#kept.length < OUTLINE_BYTES_MAX) this.#kept.push(byte);
  }
}
