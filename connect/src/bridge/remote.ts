import { setTimeout as pause } from 'node:timers/promises';
import { isQuick, isRepeatable } from './is-repeatable.ts';
import { ERROR, isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import type { LastKnown, LastKnownStore } from './last-known.ts';
import type { ClientIdentity } from './meta.ts';
import type { Era } from './protocol-version.ts';
import { NOBODY, RemoteConnection, type RemoteListener, type RemoteOptions } from './remote-connection.ts';
import { toRemoteError } from './remote-failure.ts';
import { pauseBeforeRetry } from './retry-policy.ts';
import {
  type Ask,
  type Call,
  EraChangedError,
  type Notification,
  RpcFailure,
  type ServerDescription,
  SessionLostError,
  type Upstream,
} from './upstream.ts';
import { withinPatience } from './within-patience.ts';

/** Sessions that are lost one after the other before that counts as a failure. */
const LOST_SESSIONS_MAX = 3;

/** A call as a client makes it, before it is known how the server wants it. */
export interface RemoteCall extends Call {
  /** The server cannot be reached at the moment, so the call waits. */
  onWaiting?: () => void;
}

/**
 * One server, as one client sees it: always there. It is connected to when needed, in its own era; sessions that are lost
 * are opened again; what can be repeated without harm is, within the client's patience.
 */
export class Remote {
  readonly #connection: RemoteConnection;
  readonly #closing = new AbortController();

  constructor(options: RemoteOptions) {
    const reopen = (): void => void this.open(this.#closing.signal).catch(() => {});
    this.#connection = new RemoteConnection(options, reopen);
  }

  get server(): ServerDescription | undefined {
    return this.#connection.current?.description;
  }

  get era(): Era | undefined {
    return this.server?.era;
  }

  get patienceMs(): number {
    return this.#connection.patienceMs;
  }

  get lastKnown(): LastKnownStore {
    return this.#connection.lastKnown;
  }

  /** Who the client is; a session with somebody else is left. */
  introduce(client: ClientIdentity & { isModern: boolean }, listener: RemoteListener): void {
    this.#connection.introduce(client, listener);
  }

  /** The client is ready for what the server says unasked. */
  ready(): void {
    this.#connection.ready();
  }

  /** Reads what earlier runs knew. */
  async readLastKnown(): Promise<LastKnown> {
    return await this.#connection.readLastKnown();
  }

  /**
   * Connects if that is not done, and repeats it as a call would be.
   * @throws RemoteError, RpcFailure
   */
  async open(signal: AbortSignal, onWaiting?: () => void): Promise<ServerDescription> {
    return await this.#persist({ method: 'initialize', signal, onWaiting }, async (upstream) => upstream.description);
  }

  /**
   * Resolves with the server's response, whichever connection it came by.
   * @throws RemoteError when there is none
   */
  async call(call: RemoteCall): Promise<ResponseBody> {
    try {
      return await this.#persist(call, (upstream) => upstream.call(call));
    } catch (error) {
      if (error instanceof RpcFailure) return { error: error.error };
      throw error;
    }
  }

  async notify(notification: Notification): Promise<void> {
    await this.#connection.current?.notify(notification);
  }

  /**
   * A request on one's own account.
   * @returns the result
   * @throws RpcFailure the server's error, RemoteError
   */
  async request(
    method: string,
    params?: JsonObject,
    options: {
      signal?: AbortSignal;
      onNotification?: (notification: Notification) => void;
      ask?: (ask: Ask) => Promise<ResponseBody>;
    } = {},
  ): Promise<unknown> {
    this.#connection.introduceItself();
    const body = await this.call({
      method,
      params,
      isModern: false,
      signal: options.signal ?? this.#closing.signal,
      onNotification: options.onNotification ?? (() => {}),
      ask: options.ask ?? (async () => NOBODY),
    });
    if ('result' in body) return body.result;
    const { code, message, ...more } = isObject(body.error) ? body.error : {};
    throw new RpcFailure({
      ...more,
      code: typeof code === 'number' ? code : ERROR.internal,
      message: typeof message === 'string' ? message : 'The server refused without saying why',
    });
  }

  /** Lets go of everything; a legacy server is told that the session is over. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection.close();
  }

  /** Does it, and does it again as long as that is harmless and may help. */
  async #persist<T>(
    what: { method: string; signal: AbortSignal; onWaiting?: (() => void) | undefined },
    run: (upstream: Upstream) => Promise<T>,
  ): Promise<T> {
    const { method, signal } = what;
    let since = Date.now();
    for (let attempts = 1; ; attempts++) {
      let upstream: Upstream | undefined;
      try {
        const leftMs = Math.max(this.patienceMs - (Date.now() - since), 1);
        upstream =
          this.#connection.current ?? (await withinPatience(this.#connection.open(), { leftMs, wasSent: false }));
        const running = run(upstream);
        return await (isQuick(method) ? withinPatience(running, { leftMs, wasSent: true }) : running);
      } catch (error) {
        if (signal.aborted || this.#closing.signal.aborted || error instanceof RpcFailure) throw error;
        const isLost = error instanceof SessionLostError || error instanceof EraChangedError;
        if (isLost && upstream) this.#connection.lose(upstream, error);
        const isCertain = isRepeatable(method) || !(error instanceof EraChangedError && error.cause);
        if (isLost && isCertain && attempts <= LOST_SESSIONS_MAX) continue;
        const cause = toRemoteError(isLost ? error.cause : error);
        const { failure } = cause;
        // The time of an answer that came and broke off is not time of waiting for the server.
        if (attempts === 1 && !isQuick(method)) since = Date.now();
        const pauseMs = pauseBeforeRetry({
          failure,
          isRepeatable: upstream === undefined || isRepeatable(method),
          isKnown: this.#connection.isKnown,
          attempts,
          elapsedMs: Date.now() - since,
          patienceMs: this.patienceMs,
          now: new Date(),
        });
        if (pauseMs === undefined) throw cause;
        what.onWaiting?.();
        await pause(pauseMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) throw cause;
      }
    }
  }
}

export function openRemote(options: RemoteOptions): Remote {
  return new Remote(options);
}
