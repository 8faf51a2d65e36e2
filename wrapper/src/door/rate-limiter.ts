import { Refusal } from '../http/refusal.ts';
import type { Principal } from './door.ts';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/**
 * Token bucket per key: a minute's worth may come at once, then as many as flow in. Principals are known keys or
 * `public`, so the number of buckets is bounded by the configuration.
 */
export class RateLimiter {
  readonly #perMinute: number;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<Principal, Bucket>();

  /** @param options.perMinute messages; 0: no limit */
  constructor(options: { perMinute: number; nowMs: () => number }) {
    this.#perMinute = options.perMinute;
    this.#nowMs = options.nowMs;
  }

  /** @throws Refusal 429 with the seconds after which one more message will be let through */
  take(principal: Principal, messages = 1): void {
    if (this.#perMinute === 0) return;
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(principal) ?? { tokens: this.#perMinute, filledAtMs: nowMs };
    const inflow = ((nowMs - bucket.filledAtMs) / 60_000) * this.#perMinute;
    const tokens = Math.min(this.#perMinute, bucket.tokens + inflow);
    const isEnough = tokens >= messages;
    this.#buckets.set(principal, { tokens: isEnough ? tokens - messages : tokens, filledAtMs: nowMs });
    if (isEnough) return;
    const missing = Math.min(messages, this.#perMinute) - tokens;
    const seconds = Math.max(1, Math.ceil((missing * 60) / this.#perMinute));
    throw new Refusal({
      status: 429,
      reason: 'rate-limited',
      message: `Too many messages with this key: ${this.#perMinute} a minute are allowed`,
      headers: { 'retry-after': String(seconds) },
    });
  }
}
