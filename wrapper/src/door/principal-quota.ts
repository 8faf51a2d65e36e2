/** How many things (requests in hand, streams) each principal holds, with a limit. Holds nothing for who holds nothing. */
export class PrincipalQuota {
  readonly #max: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  /** @param max 0: no limit */
  constructor(max: number) {
    this.#max = max;
  }

  /** By all principals together; counted also where there is no limit. */
  get held(): number {
    return this.#total;
  }

  get isLimited(): boolean {
    return this.#max > 0;
  }

  /** False when that would be too many; nothing is held then. */
  tryTake(id: string, count = 1): boolean {
    const held = (this.#held.get(id) ?? 0) + count;
    if (this.isLimited && held > this.#max) return false;
    this.#total += count;
    if (!this.isLimited) return true;
    this.#held.set(id, held);
    return true;
  }

  /** Gives back what was taken. */
  release(id: string, count = 1): void {
    this.#total -= count;
    if (!this.isLimited) return;
    const held = (this.#held.get(id) ?? 0) - count;
    if (held > 0) this.#held.set(id, held);
    else this.#held.delete(id);
  }
}
