import { LOG_LINES_BURST, LOG_LINES_PER_SECOND } from '../limits.ts';

/** Lets so many lines through a second; what is too much is counted, to be told once there is room again. */
export class LineBudget {
  readonly #nowMs: () => number;
  #lines = LOG_LINES_BURST;
  #filledAtMs: number;
  #dropped = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#filledAtMs = nowMs();
  }

  /** @returns whether a line may be written, and how many were dropped before it */
  take(): { isAllowed: boolean; dropped: number } {
    const nowMs = this.#nowMs();
    const inflow = ((nowMs - this.#filledAtMs) / 1000) * LOG_LINES_PER_SECOND;
    this.#lines = Math.min(LOG_LINES_BURST, this.#lines + inflow);
    this.#filledAtMs = nowMs;
    if (this.#lines < 1) {
      this.#dropped += 1;
      return { isAllowed: false, dropped: 0 };
    }
    this.#lines -= 1;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return { isAllowed: true, dropped };
  }
}
