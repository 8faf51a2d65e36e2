import { ANSWER_BYTES_MAX } from './limits.ts';
import { LineDecoder } from './line-decoder.ts';

export interface ServerEvent {
  /** The `data` lines of the event, joined. */
  data: string;
  id: string | undefined;
}

/** Events of a `text/event-stream` body (WHATWG HTML, 9.2.6). Lone `\r` as a line end is not read: no server uses it. */
export class EventDecoder {
  readonly #onEvent: (event: ServerEvent) => void;
  readonly #lines: LineDecoder;
  #data: string[] = [];
  #id: string | undefined;
  #type = '';
  #retryMs: number | undefined;

  /** @param onOversized an event was longer than allowed and is lost */
  constructor(onEvent: (event: ServerEvent) => void, onOversized: () => void) {
    this.#onEvent = onEvent;
    this.#lines = new LineDecoder({ lineBytesMax: ANSWER_BYTES_MAX, onLine: (text) => this.#line(text), onOversized });
  }

  /** The pause before reconnecting that the server asked for, in ms. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  #line(text: string): void {
    if (text === '') return this.#dispatch();
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value);
  }

  /** Events without data only carry an id; those of another type than `message` are not of MCP. */
  #dispatch(): void {
    const isMessage = this.#data.length > 0 && (this.#type === '' || this.#type === 'message');
    const event = { data: this.#data.join('\n'), id: this.#id };
    this.#data = [];
    this.#type = '';
    if (isMessage && event.data !== '') this.#onEvent(event);
  }
}
