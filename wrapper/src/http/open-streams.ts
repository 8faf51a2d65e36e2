import { PrincipalQuota } from '../door/principal-quota.ts';
import { TIMER_MS_MAX } from '../limits.ts';
import type { Caller } from '../sessions/caller.ts';
import { unavailable } from './unavailable.ts';

interface Connection {
  once(event: 'close', listener: () => void): unknown;
}

interface OpenStream {
  principalId: string;
  end: () => void;
}

/** Event streams and WebSockets, which outlive the check of their key or token: counted, and ended when that is over. */
export class OpenStreams {
  readonly #quota: PrincipalQuota;
  readonly #nowMs: () => number;
  readonly #open = new Set<OpenStream>();

  /**
   * @param options.perPrincipalMax 0: no limit
   * @param options.nowMs wall-clock time, as tokens expire by
   */
  constructor({ perPrincipalMax, nowMs }: { perPrincipalMax: number; nowMs: () => number }) {
    this.#quota = new PrincipalQuota(perPrincipalMax);
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Until `connection` closes. `end` is called when the token expires or the key is revoked.
   * @throws Refusal 503 when the principal has as many as it may
   */
  hold(
    { principalId, expiresAtMs }: Pick<Caller, 'principalId' | 'expiresAtMs'>,
    { connection, end }: { connection: Connection; end: () => void },
  ): void {
    if (!this.#quota.tryTake(principalId)) throw unavailable('stream-limit', 'All streams of this key are in use');
    const stream = { principalId, end };
    this.#open.add(stream);
    const timer =
      expiresAtMs === undefined ? undefined : setTimeout(end, Math.min(expiresAtMs - this.#nowMs(), TIMER_MS_MAX));
    connection.once('close', () => {
      clearTimeout(timer);
      this.#open.delete(stream);
      this.#quota.release(principalId);
    });
  }

  /** Of principals that may not come in any more. */
  endOf(principalIds: ReadonlySet<string>): void {
    for (const { principalId, end } of [...this.#open]) if (principalIds.has(principalId)) end();
  }
}
