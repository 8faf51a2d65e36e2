import type { EventStream } from '../http/event-stream.ts';
import { SESSION_QUEUE_MESSAGES_MAX } from '../limits.ts';

/** One client of the shared child, from its `initialize` to DELETE, expiry or eviction. */
export class Session {
  readonly id: string;
  /** Who opened it; nobody else may use it (security best practices, session hijacking). */
  readonly principal: string;
  readonly protocolVersion: string;
  readonly subscriptions = new Set<string>();
  logLevel: string | undefined;
  callsInFlight = 0;
  lastUsedAtMs: number;
  #stream: EventStream | undefined;
  #queue: string[] = [];

  constructor(options: { id: string; principal: string; protocolVersion: string; nowMs: number }) {
    this.id = options.id;
    this.principal = options.principal;
    this.protocolVersion = options.protocolVersion;
    this.lastUsedAtMs = options.nowMs;
  }

  get hasStream(): boolean {
    return this.#stream?.isOpen === true;
  }

  get isInUse(): boolean {
    return this.callsInFlight > 0 || this.hasStream;
  }

  /** The newest GET stream wins: the one before is most often the dead end of a connection that was lost. */
  attachStream(stream: EventStream): void {
    this.#stream?.end();
    this.#stream = stream;
    const queued = this.#queue;
    this.#queue = [];
    for (const text of queued) stream.send(text);
  }

  endStream(): void {
    this.#stream?.end();
    this.#stream = undefined;
  }

  /** To the GET stream, or kept until one is opened. Equal notices are kept once; the oldest goes when there are too many. */
  deliver(text: string): void {
    if (this.#stream?.send(text)) return;
    if (this.#queue.includes(text)) return;
    this.#queue.push(text);
    if (this.#queue.length > SESSION_QUEUE_MESSAGES_MAX) this.#queue.shift();
  }
}
