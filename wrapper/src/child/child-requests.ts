import { OWN_REQUESTS_MAX } from '../limits.ts';
import { isObject, type Response } from '../protocol/json-rpc.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Requests the wrapper itself makes of the child. Their ids are text; those of relayed requests are numbers. */
export class ChildRequests {
  readonly #waiting = new Map<string, Waiting>();
  #last = 0;

  send(method: string, params: object | undefined, write: (line: string) => boolean): Promise<unknown> {
    this.#last += 1;
    const id = `wrapper-${this.#last}`;
    const [oldest] = this.#waiting;
    // A child that never answers pings would fill the table.
    if (oldest && this.#waiting.size >= OWN_REQUESTS_MAX) this.#waiting.delete(oldest[0]);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const isTaken = write(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params && { params }) }));
      if (!isTaken) {
        this.#waiting.delete(id);
        reject(new Error('the child does not read its input'));
      }
    });
  }

  /** False when the response is not to one of these requests. */
  settle(response: Response): boolean {
    const waiting = typeof response.id === 'string' ? this.#waiting.get(response.id) : undefined;
    if (!waiting) return false;
    this.#waiting.delete(String(response.id));
    if ('result' in response.body) waiting.resolve(response.body.result);
    else waiting.reject(new ChildError(response.body.error));
    return true;
  }

  rejectAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(`the child ${reason}`));
    this.#waiting.clear();
  }
}

/** The child answered a request of the wrapper's with an error. */
export class ChildError extends Error {
  /** As the child gave it. */
  readonly rpcError: unknown;

  constructor(rpcError: unknown) {
    super(`the child answered with an error: ${messageOf(rpcError)}`);
    this.name = 'ChildError';
    this.rpcError = rpcError;
  }
}

function messageOf(error: unknown): string {
  return isObject(error) && typeof error.message === 'string' ? error.message : 'no message';
}
