import { STREAM_KEEP_ALIVE_MS } from '../limits.ts';
import type { Channel } from '../sessions/channel.ts';
import type { StreamLog } from '../sessions/stream-log.ts';
import { EventStream } from './event-stream.ts';
import type { HttpReply } from './http-exchange.ts';
import { sendJson } from './send-json.ts';

export interface PostExchangeOptions {
  res: HttpReply;
  headers: Record<string, string>;
  takesEvents: boolean;
  takesJson: boolean;
  isBatch: boolean;
  requests: number;
  /** Where the stream is kept for `Last-Event-ID`, if it can be resumed; asked when it begins. */
  openLog?: (() => StreamLog) | undefined;
  /** Whether the client takes an event without content (2025-11-25). */
  isPrimed: boolean;
}

/**
 * The answer to one POST that holds requests. It is plain JSON when the answers are all there is to say, and becomes an
 * event stream when something comes before them (progress, a log message) or when it takes so long that a proxy might
 * give up.
 */
export class PostExchange implements Channel {
  readonly #options: PostExchangeOptions;
  #awaited: number;
  #answers: string[] = [];
  #status = 200;
  #stream: EventStream | undefined;
  #log: StreamLog | undefined;
  #upgradeTimer: NodeJS.Timeout | undefined;

  constructor(options: PostExchangeOptions) {
    this.#options = options;
    this.#awaited = options.requests;
    if (!options.takesEvents) return;
    this.#upgradeTimer = setTimeout(() => this.#openStream(), STREAM_KEEP_ALIVE_MS);
    options.res.once('close', () => clearTimeout(this.#upgradeTimer));
  }

  /** Whether every request has its answer. */
  get isDone(): boolean {
    return this.#awaited === 0;
  }

  send(text: string): boolean {
    const { res, takesEvents } = this.#options;
    if (!takesEvents || this.#awaited === 0) return false;
    if (res.destroyed && !this.#log) return false;
    return this.#write(text);
  }

  end(text: string, status = 200): void {
    if (this.#stream) this.#write(text);
    else {
      this.#answers.push(text);
      this.#status = status;
    }
    this.#settleOne();
  }

  abandon(cancelledText: string): void {
    if (!this.#options.takesEvents) return this.end(cancelledText);
    if (this.#awaited === 1 && this.#answers.length === 0) this.#openStream();
    this.#settleOne();
  }

  #settleOne(): void {
    this.#awaited -= 1;
    if (this.#awaited > 0) return;
    clearTimeout(this.#upgradeTimer);
    const { res, takesJson, isBatch, headers } = this.#options;
    if (this.#stream || !takesJson) {
      this.#openStream();
      if (this.#log) this.#log.finish();
      else this.#stream?.end();
      return;
    }
    const text = isBatch ? `[${this.#answers.join(',')}]` : (this.#answers[0] ?? '');
    // A reader that is slow to take them keeps this object.
    this.#answers = [];
    sendJson(res, isBatch ? 200 : this.#status, text, headers);
  }

  #write(text: string): boolean {
    this.#openStream();
    if (!this.#log) return this.#stream?.send(text) === true;
    this.#log.append(text);
    return true;
  }

  #openStream(): void {
    if (this.#stream) return;
    clearTimeout(this.#upgradeTimer);
    const { res, headers, openLog, isPrimed } = this.#options;
    this.#stream = new EventStream(res, headers);
    this.#log = openLog?.();
    this.#log?.attach(this.#stream, { isPrimed });
    const answers = this.#answers;
    this.#answers = [];
    for (const text of answers) this.#write(text);
  }
}
