import type { PrincipalQuota } from '../door/principal-quota.ts';
import type { RequestId } from '../protocol/json-rpc.ts';
import type { Channel } from '../sessions/channel.ts';
import type { OpenRequest } from '../sessions/modern-router.ts';
import { unavailable } from './unavailable.ts';

export interface SocketRequestsOptions {
  principalId: string;
  /** Requests in hand, by principal. */
  inHand: PrincipalQuota;
  /** Subscriptions end after this time, so that a server that nobody uses can be scaled to zero. */
  streamAgeMsMax: number;
  send: (text: string) => boolean;
  /** One has its answer. */
  onSettled: () => void;
}

/** Requests of one WebSocket that were not answered yet, by the client's id. */
export class SocketRequests {
  readonly #options: SocketRequestsOptions;
  readonly #open = new Map<RequestId, OpenRequest>();

  constructor(options: SocketRequestsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  has(id: RequestId): boolean {
    return this.#open.has(id);
  }

  /** The request counts as the principal's until it has its answer. @throws Refusal 503 */
  hold(id: RequestId): Channel {
    const { inHand, principalId, send } = this.#options;
    if (!inHand.tryTake(principalId)) throw unavailable('busy', 'This key has as many requests in hand as it may');
    this.#open.set(id, { gone: () => {} });
    return {
      send,
      end: (text) => {
        this.#settle(id);
        send(text);
      },
      abandon: () => this.#settle(id),
    };
  }

  /** How a request that was held can be ended, unless it has its answer already. */
  begin(id: RequestId, open: OpenRequest): void {
    if (this.#open.has(id)) this.#open.set(id, this.#withAge(open));
  }

  /** The client wants no answer any more. */
  cancel(id: RequestId, reason: string): void {
    if (!this.#open.has(id)) return;
    this.#open.get(id)?.gone(reason);
    this.#settle(id);
  }

  /** It was refused after it was held. */
  drop(id: RequestId): void {
    if (this.#open.delete(id)) this.#options.inHand.release(this.#options.principalId);
  }

  /** Subscriptions end with their result; what else is open goes on. */
  finishSubscriptions(): void {
    for (const { finish } of [...this.#open.values()]) finish?.();
  }

  /** Nobody is there to take the answers any more. */
  cancelAll(reason: string): void {
    for (const [id, { gone }] of [...this.#open]) {
      gone(reason);
      this.drop(id);
    }
  }

  #settle(id: RequestId): void {
    this.drop(id);
    this.#options.onSettled();
  }

  #withAge(open: OpenRequest): OpenRequest {
    const { finish } = open;
    if (!finish) return open;
    const timer = setTimeout(finish, this.#options.streamAgeMsMax);
    return {
      gone: (reason) => {
        clearTimeout(timer);
        open.gone(reason);
      },
      finish: () => {
        clearTimeout(timer);
        finish();
      },
    };
  }
}
