/** When keys let somebody in last, by the id that their file gives them. */
export class KeyUses {
  readonly #atMs = new Map<string, number>();

  note(keyId: string, nowMs: number): void {
    this.#atMs.set(keyId, nowMs);
  }

  /** Wall-clock times by id. */
  get all(): ReadonlyMap<string, number> {
    return this.#atMs;
  }

  /** Forgets keys that are gone. */
  retain(keyIds: ReadonlySet<string>): void {
    for (const id of this.#atMs.keys()) if (!keyIds.has(id)) this.#atMs.delete(id);
  }
}
