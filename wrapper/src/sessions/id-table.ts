/**
 * What is open, by an id that counts up. A `Map` whose entries come and go is made anew again and again, and V8 keeps a
 * pointer from each table to the next: once the first is old, nothing that was ever in one of them is collected before
 * the next full collection. With this, 0.07 instead of 1.3 MB outlive a minor one under load (`docs/performance.md`).
 */
export class IdTable<T> {
  readonly #byId: Record<number, T> = Object.create(null);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#byId[id];
  }

  /** @param id that was never in the table */
  add(id: number, value: T): void {
    this.#byId[id] = value;
    this.#size += 1;
  }

  /** @returns what it was */
  take(id: number): T | undefined {
    const value = this.#byId[id];
    if (value === undefined) return undefined;
    delete this.#byId[id];
    this.#size -= 1;
    return value;
  }

  /** The oldest first. */
  values(): T[] {
    return Object.values(this.#byId);
  }
}
