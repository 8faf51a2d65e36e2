import type { ServerIdentity } from '../child/server-identity.ts';
import type { Instances } from '../sessions/instances.ts';
import type { ServerInstance } from '../sessions/server-instance.ts';
import { unavailable } from './unavailable.ts';

/** Lets a request go on when there is room for it and a child to ask. */
export class Admission {
  readonly #instances: Instances;
  readonly #requestsMax: number;
  readonly #readyWaitMs: number;
  readonly #isDraining: () => boolean;
  #waitingForChild = 0;

  constructor(options: {
    instances: Instances;
    requestsMax: number;
    readyWaitMs: number;
    isDraining: () => boolean;
  }) {
    this.#instances = options.instances;
    this.#requestsMax = options.requestsMax;
    this.#readyWaitMs = options.readyWaitMs;
    this.#isDraining = options.isDraining;
  }

  /** @throws Refusal 503 */
  checkDraining(): void {
    if (this.#isDraining()) throw unavailable('draining', 'This server is shutting down');
  }

  /**
   * The child, at once when it is ready.
   * @throws Refusal 503; the promise rejects with one
   */
  reserve(instance: ServerInstance, requests: number): ServerIdentity | Promise<ServerIdentity> {
    this.checkDraining();
    if (this.#instances.callsInFlight + this.#waitingForChild + requests > this.#requestsMax) {
      throw unavailable('busy', `This server has ${this.#requestsMax} requests in hand and takes no more`);
    }
    const { state } = instance.supervisor;
    return state.kind === 'ready' ? state.server : this.#waitFor(instance, requests);
  }

  async #waitFor({ supervisor }: ServerInstance, requests: number): Promise<ServerIdentity> {
    this.#waitingForChild += requests;
    const server = await supervisor.whenReady(this.#readyWaitMs);
    this.#waitingForChild -= requests;
    this.checkDraining();
    if (server) return server;
    throw unavailable('child-not-ready', 'The MCP server behind this endpoint is not running at the moment');
  }
}
