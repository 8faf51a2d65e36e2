import { RESTART_DELAY_MAX_MS, RESTART_DELAY_MIN_MS, RESTART_RESET_MS } from '../limits.ts';

/** How long a dead child is left alone before it is started again: twice as long each time, until one lives on. */
export class RestartPauses {
  readonly #nowMs: () => number;
  #nextMs = RESTART_DELAY_MIN_MS;
  #readyAtMs: number | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The child has answered for the first time. */
  childReady(): void {
    this.#readyAtMs = this.#nowMs();
  }

  /** @returns the pause in ms, and whether the child was ever ready */
  childExited(): { restartInMs: number; wasReady: boolean } {
    const livedMs = this.#readyAtMs === undefined ? 0 : this.#nowMs() - this.#readyAtMs;
    const wasReady = this.#readyAtMs !== undefined;
    this.#readyAtMs = undefined;
    const restartInMs = livedMs > RESTART_RESET_MS ? RESTART_DELAY_MIN_MS : this.#nextMs;
    this.#nextMs = Math.min(restartInMs * 2, RESTART_DELAY_MAX_MS);
    return { restartInMs, wasReady };
  }
}
