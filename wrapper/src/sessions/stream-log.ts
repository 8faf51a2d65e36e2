import type { EventStream } from '../http/event-stream.ts';
import { STORED_EVENT_BYTES_MAX, STREAM_EVENTS_MAX, STREAM_RETRY_MS } from '../limits.ts';

interface StoredEvent {
  number: number;
  text: string;
  isSent: boolean;
}

/** Bytes of all stored events of all sessions. */
export class EventBudget {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  isExceededBy(bytes: number): boolean {
    return this.#bytes + bytes > STORED_EVENT_BYTES_MAX;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }
}

/**
 * What was sent on one stream, so that a client whose connection broke can have it again by `Last-Event-ID`
 * (2025-11-25, transports, resumability). The oldest events go when there are too many.
 */
export class StreamLog {
  /** Unique in the session. */
  readonly id: string;
  readonly #budget: EventBudget;
  #events: StoredEvent[] = [];
  #last = 0;
  #stream: EventStream | undefined;
  #isDone = false;

  constructor(id: string, budget: EventBudget) {
    this.id = id;
    this.#budget = budget;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  get isOpen(): boolean {
    return this.#stream?.isOpen === true;
  }

  /** Whether this very message waits to be sent. */
  holdsUnsent(text: string): boolean {
    return this.#events.some((event) => !event.isSent && event.text === text);
  }

  get unsent(): number {
    return this.#events.filter((event) => !event.isSent).length;
  }

  append(text: string): void {
    if (this.#isDone) return;
    this.#last += 1;
    const isSent = this.#stream?.send(text, this.#eventId(this.#last)) === true;
    this.#store({ number: this.#last, text, isSent });
  }

  /** The newest connection wins: the one before is most often the dead end of a connection that was lost. */
  attach(stream: EventStream, options: { isPrimed: boolean; after?: number }): void {
    this.#stream?.end();
    this.#stream = stream;
    if (options.isPrimed) stream.prime(this.#eventId(options.after ?? 0), STREAM_RETRY_MS);
    for (const event of this.#events) {
      const isWanted = options.after === undefined ? !event.isSent : event.number > options.after;
      if (isWanted) event.isSent = stream.send(event.text, this.#eventId(event.number));
    }
    if (this.#isDone) stream.end();
  }

  /** Closes the connection; the client may come again. */
  disconnect(): void {
    this.#stream?.end();
  }

  /** Nothing more will come. */
  finish(): void {
    this.#isDone = true;
    this.#stream?.end();
  }

  /** Closes the connection and forgets the events. */
  release(): void {
    this.finish();
    while (this.#events.length > 0) this.#dropOldest();
  }

  dropOldestUnsent(): void {
    const index = this.#events.findIndex((event) => !event.isSent);
    if (index >= 0) this.#budget.add(-sizeOf(this.#events.splice(index, 1)[0]));
  }

  #store(event: StoredEvent): void {
    const bytes = sizeOf(event);
    while (this.#events.length > 0 && (this.#events.length >= STREAM_EVENTS_MAX || this.#budget.isExceededBy(bytes))) {
      this.#dropOldest();
    }
    if (this.#budget.isExceededBy(bytes)) return;
    this.#budget.add(bytes);
    this.#events.push(event);
  }

  #dropOldest(): void {
    this.#budget.add(-sizeOf(this.#events.shift()));
  }

  #eventId(number: number): string {
    return `${this.id}-${number}`;
  }
}

/** @returns the stream and the number of the event; undefined for what no `StreamLog` has made */
export function parseEventId(eventId: string): { streamId: string; number: number } | undefined {
  const [, streamId, number] = /^(\d{1,15})-(\d{1,15})$/.exec(eventId) ?? [];
  return streamId === undefined ? undefined : { streamId, number: Number(number) };
}

/** Strings take one or two bytes a character; what holds them takes some hundred. */
function sizeOf(event: StoredEvent | undefined): number {
  return event ? event.text.length + 100 : 0;
}
