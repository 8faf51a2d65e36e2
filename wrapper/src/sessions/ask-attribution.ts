import { ASK_ATTRIBUTION_WAIT_MS } from '../limits.ts';

interface Candidate {
  readonly client: object;
}

interface Waiting<T extends Candidate> {
  candidates: Set<T>;
  timer: NodeJS.Timeout;
  found: (call: T | undefined) => void;
}

/**
 * Finds the call for which a child asks something. Over stdio a request of the child names no call, so it can be any
 * that was open when it came. As the others end, the one that is left must be it, since it waits for the answer. Handing
 * it to a guess would show one client's data to another.
 */
export class AskAttribution<T extends Candidate> {
  readonly #waiting = new Set<Waiting<T>>();

  /** @param found called once, with the newest of the possible calls of one client, or undefined when nothing told */
  find(openCalls: Iterable<T>, found: (call: T | undefined) => void): void {
    const candidates = new Set(openCalls);
    if (isOneClient(candidates)) return found(newest(candidates));
    const waiting: Waiting<T> = {
      candidates,
      timer: setTimeout(() => this.#settle(waiting, undefined), ASK_ATTRIBUTION_WAIT_MS),
      found,
    };
    this.#waiting.add(waiting);
  }

  /** The child has answered the call. */
  callEnded(call: T): void {
    for (const waiting of this.#waiting) {
      waiting.candidates.delete(call);
      if (isOneClient(waiting.candidates)) this.#settle(waiting, newest(waiting.candidates));
    }
  }

  /** Without an answer of the child, which may have asked for this one: the end of others tells nothing any more. */
  callGivenUp(call: T): void {
    for (const waiting of this.#waiting) if (waiting.candidates.has(call)) this.#settle(waiting, undefined);
  }

  #settle(waiting: Waiting<T>, call: T | undefined): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
    waiting.found(call);
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
