import type { RequestId } from './json-rpc.ts';

/** The local client's requests that have no answer yet. `1` and `"1"` are two different ids. */
export class OpenCalls {
  readonly #calls = new Map<RequestId, AbortController>();
  #onEmpty: (() => void)[] = [];

  /** Undefined when there is a request of this id already. */
  open(id: RequestId): AbortController | undefined {
    if (this.#calls.has(id)) return undefined;
    const controller = new AbortController();
    this.#calls.set(id, controller);
    return controller;
  }

  /** A cancelled request gets no answer (2025-11-25, cancellation). */
  cancel(id: unknown): void {
    const controller = this.#calls.get(id as RequestId);
    if (!controller) return;
    this.close(id as RequestId);
    controller.abort();
  }

  /** True once for each open request: for the one answer that it gets. */
  close(id: RequestId): boolean {
    const wasOpen = this.#calls.delete(id);
    if (this.#calls.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    return wasOpen;
  }

  cancelAll(): void {
    for (const id of [...this.#calls.keys()]) this.cancel(id);
  }

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  /** Resolves when nothing is open. */
  async empty(): Promise<void> {
    if (this.#calls.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }
}
