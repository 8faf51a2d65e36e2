import type { Principal } from './principal.ts';

/** How many things (requests in hand, streams) each principal holds, with a limit. Holds nothing for who holds nothing. */
export class PrincipalQuota {
  readonly #max: number;
  readonly #held = new Map<string, number>();

  /** @param max 0: no limit */
  constructor(max: number) {
    this.#max = max;
  }

  /** False when that would be too many; nothing is held then. */
  tryTake({ id }: Pick<Principal, 'id'>, count = 1): boolean {
    if (this.#max === 0) return true;
    const held = (this.#held.get(id) ?? 0) + count;
    if (held > this.#max) return false;
    this.#held.set(id, held);
    return true;
  }

  /** Gives back what was taken. */
  release({ id }: Pick<Principal, 'id'>, count = 1): void {
    if (this.#max === 0) return;
    const held = (this.#held.get(id) ?? 0) - count;
    if (held > 0) this.#held.set(id, held);
    else this.#held.delete(id);
  }
}
