import { ANSWER_BYTES_MAX } from './limits.ts';
import { LineDecoder, NEWLINE } from './line-decoder.ts';

const RETURN = 0x0d;

/** Events of a `text/event-stream` body (WHATWG HTML, 9.2.6). */
export class EventDecoder {
  readonly #onData: (data: string) => void;
  readonly #lines: LineDecoder;
  #data: string[] = [];
  #type = '';
  #retryMs: number | undefined;
  #lastEventId: string | undefined;
  /** Of the event that is coming: an event that is cut is not one to go on after. */
  #idOfEvent: string | undefined;
  #isFirstLine = true;
  #hasKeepAlives = false;
  /** The line that has ended is at an end already, whether or not `\n` follows. */
  #endedByReturn = false;

  /**
   * @param onData the `data` lines of one event, joined
   * @param onOversized a line was longer than allowed and is lost
   */
  constructor(onData: (data: string) => void, onOversized: () => void) {
    this.#onData = onData;
    this.#lines = new LineDecoder({ lineBytesMax: ANSWER_BYTES_MAX, onLine: (text) => this.#line(text), onOversized });
  }

  /** The pause before reconnecting that the server asked for, in ms. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** Where to go on when the stream is cut. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** Whether comments came, which promise that more will come. */
  get hasKeepAlives(): boolean {
    return this.#hasKeepAlives;
  }

  push(chunk: Buffer): void {
    const isRest = this.#endedByReturn && chunk[0] === NEWLINE;
    const rest = isRest ? chunk.subarray(1) : chunk;
    if (chunk.length > 0) this.#endedByReturn = chunk.at(-1) === RETURN;
    // JSON holds no bare returns, so most chunks stay as they are.
    this.#lines.push(rest.includes(RETURN) ? Buffer.from(withNewlines(rest.toString('latin1')), 'latin1') : rest);
  }

  #line(raw: string): void {
    const text = this.#isFirstLine ? raw.replace(/^\uFEFF/, '') : raw;
    this.#isFirstLine = false;
    if (text === '') return this.#dispatch();
    const colon = text.indexOf(':');
    if (colon === 0) this.#hasKeepAlives = true;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value);
    // It goes into a header of the next request.
    else if (field === 'id' && /^[\x20-\x7e]{0,1024}$/.test(value)) this.#idOfEvent = value === '' ? undefined : value;
  }

  /** Events without data only carry an id; those of another type than `message` are not of MCP. */
  #dispatch(): void {
    const isMessage = this.#data.length > 0 && (this.#type === '' || this.#type === 'message');
    const data = this.#data.join('\n');
    this.#data = [];
    this.#type = '';
    this.#lastEventId = this.#idOfEvent;
    if (isMessage && data !== '') this.#onData(data);
  }
}

function withNewlines(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
