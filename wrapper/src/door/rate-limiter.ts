import { Refusal } from '../http/refusal.ts';
import { RATE_BUCKETS_MAX } from '../limits.ts';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

export interface RateLimiterOptions {
  /** Messages; 0: no limit. */
  perMinute: number;
  /** Messages at once; 0: a minute's worth. */
  burst?: number;
  nowMs: () => number;
  bucketsMax?: number;
}

/** Token bucket per principal: a burst may come at once, then as many as flow in. */
export class RateLimiter {
  readonly #perMinute: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  readonly #bucketsMax: number;
  /** By principal, least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ perMinute, burst = 0, nowMs, bucketsMax = RATE_BUCKETS_MAX }: RateLimiterOptions) {
    this.#perMinute = perMinute;
    this.#burst = burst === 0 ? perMinute : burst;
    this.#nowMs = nowMs;
    this.#bucketsMax = bucketsMax;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** @param id of the principal @throws Refusal 429 with the seconds after which as many messages will be let through, if a burst holds so many */
  take(id: string, messages = 1): void {
    if (this.#perMinute === 0) return;
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(id) ?? { tokens: this.#burst, filledAtMs: nowMs };
    const inflow = ((nowMs - bucket.filledAtMs) / 60_000) * this.#perMinute;
    const tokens = Math.min(this.#burst, bucket.tokens + inflow);
    const isEnough = tokens >= messages;
    this.#keep(id, { tokens: isEnough ? tokens - messages : tokens, filledAtMs: nowMs });
    if (isEnough) return;
    const missing = Math.min(messages, this.#burst) - tokens;
    const seconds = Math.max(1, Math.ceil((missing * 60) / this.#perMinute));
    throw new Refusal({
      status: 429,
      reason: 'rate-limited',
      message: `Too many messages with this key: ${this.#perMinute} a minute are allowed`,
      headers: { 'retry-after': String(seconds) },
    });
  }

  #keep(id: string, bucket: Bucket): void {
    this.#buckets.delete(id);
    this.#buckets.set(id, bucket);
    if (this.#buckets.size <= this.#bucketsMax) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
