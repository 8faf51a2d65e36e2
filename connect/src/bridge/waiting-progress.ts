import { isObject, type JsonObject } from './json-rpc.ts';
import { WAITING_PROGRESS_MS } from './limits.ts';
import type { Notification } from './upstream.ts';

/** Steps so small that the progress of the server itself goes on above them. */
const STEP = 1e-6;

/**
 * Signs of life for a call that waits for its server to come up, to a client that asked for progress: clients that see
 * any do not give up. Ends with the first message of the server, or after `patienceMs`.
 */
export class WaitingProgress {
  readonly #token: unknown;
  readonly #notify: (method: string, params: JsonObject) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #until: number;
  #last = 0;

  constructor(options: {
    params: JsonObject | undefined;
    patienceMs: number;
    notify: (method: string, params: JsonObject) => void;
  }) {
    const meta = options.params?._meta;
    this.#token = isObject(meta) ? meta.progressToken : undefined;
    this.#notify = options.notify;
    this.#until = Date.now() + options.patienceMs;
    if (this.#token === undefined) return;
    this.#timer = setInterval(() => this.tick(), WAITING_PROGRESS_MS);
    this.#timer.unref();
  }

  /** Says now that it is being waited for. */
  tick(): void {
    if (this.#token === undefined) return;
    if (Date.now() > this.#until) return this.stop();
    this.#last += STEP;
    this.#notify('notifications/progress', {
      progressToken: this.#token,
      progress: this.#last,
      message: 'Waiting for the server',
    });
  }

  /** Whether a notification of the server may be passed on: progress must increase (2025-11-25, progress). */
  admits({ method, params }: Notification): boolean {
    this.stop();
    if (method !== 'notifications/progress' || this.#last === 0) return true;
    return typeof params?.progress !== 'number' || params.progress > this.#last;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
