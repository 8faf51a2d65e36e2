import type { ServerResponse } from 'node:http';
import { STREAM_KEEP_ALIVE_MS } from '../limits.ts';
import type { Session } from '../sessions/session.ts';
import { EventStream } from './event-stream.ts';
import { sendJson } from './refusal.ts';

/**
 * The answer to one POST that holds requests. It is plain JSON when the answers are all there is to say, and becomes an
 * event stream when something comes before them (progress, a log message) or when it takes so long that a proxy might
 * give up. A client that went away is not told anything; its calls run on, since a lost connection is no cancellation
 * (2025-11-25, transports).
 */
export class PostExchange {
  readonly session: Session | undefined;
  readonly #res: ServerResponse;
  readonly #headers: Record<string, string>;
  readonly #takesEvents: boolean;
  readonly #takesJson: boolean;
  readonly #isBatch: boolean;
  #awaited: number;
  #answers: string[] = [];
  #stream: EventStream | undefined;
  #upgradeTimer: NodeJS.Timeout | undefined;

  constructor(options: {
    res: ServerResponse;
    session: Session | undefined;
    headers: Record<string, string>;
    takesEvents: boolean;
    takesJson: boolean;
    isBatch: boolean;
    requests: number;
  }) {
    this.#res = options.res;
    this.session = options.session;
    this.#headers = options.headers;
    this.#takesEvents = options.takesEvents;
    this.#takesJson = options.takesJson;
    this.#isBatch = options.isBatch;
    this.#awaited = options.requests;
    if (this.#takesEvents) {
      this.#upgradeTimer = setTimeout(() => this.#openStream(), STREAM_KEEP_ALIVE_MS);
      this.#res.once('close', () => clearTimeout(this.#upgradeTimer));
    }
  }

  /** Puts a message in front of the answer. False when this client takes no streams or has gone. */
  notify(text: string): boolean {
    if (!this.#takesEvents || this.#res.destroyed || this.#awaited === 0) return false;
    return this.#openStream().send(text);
  }

  /** @param text the JSON-RPC response to one of the requests */
  reply(text: string): void {
    if (this.#stream) this.#stream.send(text);
    else this.#answers.push(text);
    this.#settleOne();
  }

  /** One request will get no answer, as the protocol wants it after a cancellation. */
  abandon(cancelledText: string): void {
    if (!this.#takesEvents) return this.reply(cancelledText);
    if (this.#awaited === 1 && this.#answers.length === 0) this.#openStream();
    this.#settleOne();
  }

  #settleOne(): void {
    this.#awaited -= 1;
    if (this.#awaited > 0) return;
    clearTimeout(this.#upgradeTimer);
    if (this.#stream || !this.#takesJson) return this.#openStream().end();
    const text = this.#isBatch ? `[${this.#answers.join(',')}]` : (this.#answers[0] ?? '');
    sendJson(this.#res, 200, text, this.#headers);
  }

  #openStream(): EventStream {
    if (this.#stream) return this.#stream;
    clearTimeout(this.#upgradeTimer);
    this.#stream = new EventStream(this.#res, this.#headers);
    for (const text of this.#answers) this.#stream.send(text);
    this.#answers = [];
    return this.#stream;
  }
}
