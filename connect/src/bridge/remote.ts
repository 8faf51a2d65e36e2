import { setTimeout as pause } from 'node:timers/promises';
import type { Credentials } from '../auth/credentials.ts';
import { answerInRefusal } from './answer-of.ts';
import { HttpTransport } from './http-transport.ts';
import { isQuick, isRepeatable } from './is-repeatable.ts';
import { ERROR, isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import { type LastKnown, LastKnownStore } from './last-known.ts';
import { CALL_TIMEOUT_MS, PATIENCE_MS } from './limits.ts';
import type { ClientIdentity } from './meta.ts';
import { openUpstream } from './open-upstream.ts';
import type { Era } from './protocol-version.ts';
import { RemoteError, toRemoteError } from './remote-failure.ts';
import { pauseBeforeRetry } from './retry-policy.ts';
import { ToolIndex } from './tool-index.ts';
import type { Transport } from './transport.ts';
import {
  type Ask,
  type Call,
  EraChangedError,
  type Notification,
  RpcFailure,
  type ServerDescription,
  SessionLostError,
  type SessionState,
  type Upstream,
} from './upstream.ts';
import { watchNetwork } from './watch-network.ts';

export interface RemoteOptions {
  endpoint: URL;
  credentials: Credentials;
  userAgent: string;
  /** Sent with every request. */
  headers?: Record<string, string>;
  transport?: 'http' | 'websocket';
  /** Speaks to the server in this era, whatever it says. */
  era?: Era;
  /** Time for which a request waits for a server that cannot be reached, in ms. */
  patienceMs?: number;
  /** Silence after which a tool call is given up, in ms. */
  callTimeoutMs?: number;
  /** Where last known results are kept; undefined: nowhere. */
  cacheDir?: string;
  /** For `HTTPS_PROXY` and its like. */
  env?: NodeJS.ProcessEnv;
  /** Who calls by `request`. */
  client?: { name: string; version: string };
  log: (text: string) => void;
}

/** What the server says unasked, and what it asks. */
export interface RemoteListener {
  onNotification: (notification: Notification) => void;
  onAsk: (ask: Ask) => Promise<ResponseBody>;
  /** Another session, or missed messages: lists and resources may have changed. */
  onRenewed: () => void;
}

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
  readonly #options: RemoteOptions;
  readonly #lastKnown: LastKnownStore;
  readonly #closing = new AbortController();
  readonly #state: SessionState = { logLevel: undefined, subscriptions: new Set() };
  readonly #tools: ToolIndex;
  readonly #patienceMs: number;
  readonly #stopWatching: () => void;
  #transport: Promise<Transport> | undefined;
  #listener: RemoteListener = { onNotification: () => {}, onAsk: async () => NOBODY, onRenewed: () => {} };
  #client: (ClientIdentity & { isModern: boolean }) | undefined;
  #upstream: Promise<Upstream> | undefined;
  #current: Upstream | undefined;
  #opened = 0;
  #ids = 0;
  #isReady = false;
  #reading: Promise<LastKnown> | undefined;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#tools = new ToolIndex(options.log);
    this.#lastKnown = new LastKnownStore({
      directory: options.cacheDir,
      key: `${options.transport ?? 'http'} ${options.endpoint.href}`,
    });
    this.#stopWatching = watchNetwork(() => this.#refresh());
  }

  get server(): ServerDescription | undefined {
    return this.#current?.description;
  }

  get era(): Era | undefined {
    return this.server?.era;
  }

  get patienceMs(): number {
    return this.#patienceMs;
  }

  get lastKnown(): LastKnownStore {
    return this.#lastKnown;
  }

  /** Who the client is; a session with somebody else is left. */
  introduce(client: ClientIdentity & { isModern: boolean }, listener: RemoteListener): void {
    this.#listener = listener;
    this.#client = client;
    this.#isReady = client.isModern;
    this.#leave();
  }

  /** The client is ready for what the server says unasked. */
  ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    void this.#upstream?.then((upstream) => upstream.start()).catch(() => {});
  }

  /** Reads what earlier runs knew. */
  async readLastKnown(): Promise<LastKnown> {
    this.#reading ??= this.#lastKnown.read();
    return await this.#reading;
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
    await this.#current?.notify(notification);
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
    this.#introduceItself();
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
    this.#stopWatching();
    await this.#current?.close({ isPolite: true }).catch(() => {});
    await this.#lastKnown.settled();
    void this.#transport?.then(
      (transport) => transport.close(),
      () => {},
    );
  }

  #introduceItself(): void {
    if (this.#client) return;
    const info = this.#options.client ?? { name: 'mcp-connect', version: '0' };
    this.#client = { isModern: false, protocolVersion: '2025-11-25', info, capabilities: {} };
    this.#isReady = true;
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
        const leftMs = Math.max(this.#patienceMs - (Date.now() - since), 1);
        upstream = this.#current ?? (await withinPatience(this.#open(), { leftMs, wasSent: false }));
        const running = run(upstream);
        return await (isQuick(method) ? withinPatience(running, { leftMs, wasSent: true }) : running);
      } catch (error) {
        if (signal.aborted || this.#closing.signal.aborted || error instanceof RpcFailure) throw error;
        const isLost = error instanceof SessionLostError || error instanceof EraChangedError;
        if (isLost && upstream) this.#lose(upstream, error);
        if (isLost && attempts <= LOST_SESSIONS_MAX) continue;
        const cause = toRemoteError(isLost ? error.cause : error);
        const { failure } = cause;
        // The time of an answer that came and broke off is not time of waiting for the server.
        if (attempts === 1 && !isQuick(method)) since = Date.now();
        const pauseMs = pauseBeforeRetry({
          failure,
          isRepeatable: upstream === undefined || isRepeatable(method),
          isKnown: this.#isKnown(),
          attempts,
          elapsedMs: Date.now() - since,
          patienceMs: this.#patienceMs,
          now: new Date(),
        });
        if (pauseMs === undefined) throw cause;
        what.onWaiting?.();
        await pause(pauseMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) throw cause;
      }
    }
  }

  #open(): Promise<Upstream> {
    if (!this.#upstream) {
      const opening = this.#connect();
      this.#upstream = opening;
      opening.catch(() => {
        if (this.#upstream === opening) this.#upstream = undefined;
      });
    }
    return this.#upstream;
  }

  async #connect(): Promise<Upstream> {
    this.#introduceItself();
    const client = this.#client as ClientIdentity & { isModern: boolean };
    const known = await this.readLastKnown();
    const transport = await this.#carry();
    let upstream: Upstream | undefined;
    const events = {
      onNotification: (notification: Notification): void => this.#listener.onNotification(notification),
      onAsk: (ask: Ask): Promise<ResponseBody> => this.#listener.onAsk(ask),
      onMissed: (): void => this.#listener.onRenewed(),
      onLost: (): void => {
        if (upstream) this.#lose(upstream, new SessionLostError());
        void this.open(this.#closing.signal).catch(() => {});
      },
      log: this.#options.log,
    };
    const { callTimeoutMs = CALL_TIMEOUT_MS } = this.#options;
    const options = { client, state: this.#state, events, nextId: () => ++this.#ids, callTimeoutMs };
    try {
      const knownEra = this.#options.era ?? known.era;
      upstream = await openUpstream(transport, options, { knownEra, tools: this.#tools });
    } catch (error) {
      const answer = answerInRefusal(error);
      throw answer && 'error' in answer && isObject(answer.error) ? new RpcFailure(answer.error as never) : error;
    }
    if (this.#client !== client) {
      await upstream.close({ isPolite: true });
      throw new SessionLostError();
    }
    this.#current = upstream;
    this.#lastKnown.learn({ era: upstream.description.era });
    if (this.#isReady) upstream.start();
    if (this.#opened++ > 0) this.#listener.onRenewed();
    return upstream;
  }

  #carry(): Promise<Transport> {
    const { endpoint, credentials, userAgent, headers = {}, env = {}, log } = this.#options;
    const options = { endpoint, credentials, userAgent, headers, env, patienceMs: this.#patienceMs, log };
    this.#transport ??=
      this.#options.transport === 'websocket'
        ? import('./websocket-transport.ts').then(({ WebSocketTransport }) => new WebSocketTransport(options))
        : Promise.resolve(new HttpTransport(options));
    return this.#transport;
  }

  #lose(upstream: Upstream, error: unknown): void {
    if (this.#current !== upstream) return;
    this.#options.log(
      error instanceof EraChangedError
        ? 'the server speaks another revision than before; asking again'
        : 'the session is gone; opening a new one',
    );
    // What is not known to be legacy is asked.
    if (error instanceof EraChangedError) this.#lastKnown.learn({ era: 'modern' });
    this.#current = undefined;
    this.#upstream = undefined;
    void upstream.close({ isPolite: false });
  }

  #leave(): void {
    const former = this.#current;
    this.#current = undefined;
    this.#upstream = undefined;
    this.#opened = 0;
    void former?.close({ isPolite: true }).catch(() => {});
  }

  #isKnown(): boolean {
    return this.#opened > 0 || this.#lastKnown.known.era !== undefined;
  }

  #refresh(): void {
    void this.#transport?.then(
      (transport) => transport.refresh(),
      () => {},
    );
  }
}

/** What is still not there then is given up, though it may go on for others. */
async function withinPatience<T>(
  promise: Promise<T>,
  { leftMs, wasSent }: { leftMs: number; wasSent: boolean },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new RemoteError({ kind: 'network', code: 'ETIMEDOUT', wasSent })), leftMs);
  });
  try {
    return await Promise.race([promise, given]);
  } finally {
    clearTimeout(timer);
  }
}

export function openRemote(options: RemoteOptions): Remote {
  return new Remote(options);
}

/** Sessions that are lost one after the other before that counts as a failure. */
const LOST_SESSIONS_MAX = 3;

const NOBODY: ResponseBody = { error: { code: ERROR.methodNotFound, message: 'Nobody is here to be asked' } };
