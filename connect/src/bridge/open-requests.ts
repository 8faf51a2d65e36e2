import type { RequestId } from './json-rpc.ts';

type State = 'open' | 'cancelled';

/** The client's requests that are at the server. `1` and `"1"` are two different ids. */
export class OpenRequests {
  readonly #states = new Map<RequestId, State>();

  open(id: RequestId): void {
    this.#states.set(id, 'open');
  }

  cancel(id: unknown): void {
    if ((typeof id === 'string' || typeof id === 'number') && this.#states.has(id)) this.#states.set(id, 'cancelled');
  }

  /** True once for each open request: for its answer, or for the error that stands in for it. */
  close(id: RequestId | null): boolean {
    return id !== null && this.#states.delete(id);
  }

  /** A cancelled request needs no answer (2025-11-25, cancellation). */
  needsAnswer(id: RequestId): boolean {
    return this.#states.get(id) === 'open';
  }
}
