import { VERIFIED_TOKEN_AGE_MAX_MS, VERIFIED_TOKENS_MAX } from '../limits.ts';
import type { Principal } from './principal.ts';

interface Entry {
  principal: Principal;
  untilMs: number;
}

/** Tokens whose signature was checked, by their SHA-256, least recently used first. */
export class VerifiedTokens {
  readonly #entries = new Map<string, Entry>();
  readonly #nowMs: () => number;
  readonly #max: number;

  /** @param options.nowMs wall-clock time, as `exp` is */
  constructor(options: { nowMs: () => number; max?: number }) {
    this.#nowMs = options.nowMs;
    this.#max = options.max ?? VERIFIED_TOKENS_MAX;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(hash: string): Principal | undefined {
    const entry = this.#entries.get(hash);
    if (!entry) return undefined;
    this.#entries.delete(hash);
    if (entry.untilMs <= this.#nowMs()) return undefined;
    this.#entries.set(hash, entry);
    return entry.principal;
  }

  /** @param expiresAtMs after which the token must not be taken; it is forgotten earlier where that is far off */
  set(hash: string, principal: Principal, expiresAtMs: number): void {
    const untilMs = Math.min(expiresAtMs, this.#nowMs() + VERIFIED_TOKEN_AGE_MAX_MS);
    this.#entries.delete(hash);
    this.#entries.set(hash, { principal, untilMs });
    if (this.#entries.size <= this.#max) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
