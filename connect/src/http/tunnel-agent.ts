import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import { openSocket } from './open-socket.ts';

/** For what speaks through node:https: opens its connections as `openSocket` does. */
export class TunnelAgent extends Agent {
  readonly #url: URL;
  readonly #env: NodeJS.ProcessEnv;

  constructor(url: URL, env: NodeJS.ProcessEnv) {
    super();
    this.#url = url;
    this.#env = env;
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, socket: Duplex) => void): undefined {
    openSocket(this.#url, this.#env).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error.cause as Error, undefined as unknown as Duplex),
    );
    return undefined;
  }
}
