import { ASK_ATTRIBUTION_WAIT_MS } from '../limits.ts';

interface Candidate {
  readonly client: object;
}

interface Waiting<T extends Candidate> {
  candidates: Set<T>;
  timer: NodeJS.Timeout;
  settle: (call: T | undefined) => void;
}

/**
 * Finds the call for which a child asks something. Over stdio a request of the child names no call, so it can be any
 * that was open when it came. As the others end, the one that is left must be it, since it waits for the answer. Handing
 * it to a guess would show one client's data to another.
 */
export class AskAttribution<T extends Candidate> {
  readonly #waiting = new Set<Waiting<T>>();

  /** @returns the newest of the possible calls of one client; undefined where none is open or several stay possible */
  find(openCalls: Iterable<T>): Promise<T | undefined> | T | undefined {
    const candidates = new Set(openCalls);
    if (isOneClient(candidates)) return newest(candidates);
    return new Promise((resolve) => {
      const waiting: Waiting<T> = {
        candidates,
        timer: setTimeout(() => waiting.settle(undefined), ASK_ATTRIBUTION_WAIT_MS),
        settle: (call) => {
          clearTimeout(waiting.timer);
          this.#waiting.delete(waiting);
          resolve(call);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  callEnded(call: T): void {
    for (const waiting of this.#waiting) {
      waiting.candidates.delete(call);
      if (isOneClient(waiting.candidates)) waiting.settle(newest(waiting.candidates));
    }
  }
}

function isOneClient(candidates: ReadonlySet<Candidate>): boolean {
  const [first] = candidates;
  for (const { client } of candidates) if (client !== first?.client) return false;
  return true;
}

function newest<T>(candidates: ReadonlySet<T>): T | undefined {
  return [...candidates].at(-1);
}
