import type { Credentials } from '../auth/credentials.ts';
import { answerInRefusal } from './answer-of.ts';
import { HttpTransport } from './http-transport.ts';
import { ERROR, isObject, type ResponseBody } from './json-rpc.ts';
import { type LastKnown, LastKnownStore } from './last-known.ts';
import { CALL_TIMEOUT_MS, PATIENCE_MS } from './limits.ts';
import type { ClientIdentity } from './meta.ts';
import { openUpstream } from './open-upstream.ts';
import type { Era } from './protocol-version.ts';
import { ToolIndex } from './tool-index.ts';
import type { Transport } from './transport.ts';
import {
  type Ask,
  EraChangedError,
  type Notification,
  RpcFailure,
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

/** Nobody to ask. */
export const NOBODY: ResponseBody = { error: { code: ERROR.methodNotFound, message: 'Nobody is here to be asked' } };

/** The connection to one server: none, one that is being opened, or one; after one that was lost comes the next. */
export class RemoteConnection {
  readonly lastKnown: LastKnownStore;
  readonly patienceMs: number;
  readonly #options: RemoteOptions;
  /** The server ended it, and what it says unasked is wanted still. */
  readonly #onLost: () => void;
  readonly #state: SessionState = { logLevel: undefined, subscriptions: new Set() };
  readonly #tools: ToolIndex;
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

  constructor(options: RemoteOptions, onLost: () => void) {
    this.#options = options;
    this.#onLost = onLost;
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#tools = new ToolIndex(options.log);
    this.lastKnown = new LastKnownStore({
      directory: options.cacheDir,
      key: `${options.transport ?? 'http'} ${options.endpoint.href}`,
    });
    this.#stopWatching = watchNetwork(() => this.#refresh());
  }

  get current(): Upstream | undefined {
    return this.#current;
  }

  /** Whether the server was there before, now or in an earlier run. */
  get isKnown(): boolean {
    return this.#opened > 0 || this.lastKnown.known.era !== undefined;
  }

  /** Who the client is; a session with somebody else is left. */
  introduce(client: ClientIdentity & { isModern: boolean }, listener: RemoteListener): void {
    this.#listener = listener;
    this.#client = client;
    this.#isReady = client.isModern;
    this.#leave();
  }

  /** Without a client there is the program itself. */
  introduceItself(): void {
    if (this.#client) return;
    const info = this.#options.client ?? { name: 'mcp-connect', version: '0' };
    this.#client = { isModern: false, protocolVersion: '2025-11-25', info, capabilities: {} };
    this.#isReady = true;
  }

  /** The client is ready for what the server says unasked. */
  ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    void this.#upstream?.then((upstream) => upstream.start()).catch(() => {});
  }

  /** Reads what earlier runs knew. */
  async readLastKnown(): Promise<LastKnown> {
    this.#reading ??= this.lastKnown.read();
    return await this.#reading;
  }

  /** The connection that is there, or the one for which all wait. @throws whatever keeps it from being opened */
  open(): Promise<Upstream> {
    if (!this.#upstream) {
      const opening = this.#connect();
      this.#upstream = opening;
      opening.catch(() => {
        if (this.#upstream === opening) this.#upstream = undefined;
      });
    }
    return this.#upstream;
  }

  /** The next `open` makes another one. */
  lose(upstream: Upstream, error: unknown): void {
    if (this.#current !== upstream) return;
    this.#options.log(
      error instanceof EraChangedError
        ? 'the server speaks another revision than before; asking again'
        : 'the session is gone; opening a new one',
    );
    // What is not known to be legacy is asked.
    if (error instanceof EraChangedError) this.lastKnown.learn({ era: 'modern' });
    this.#current = undefined;
    this.#upstream = undefined;
    void upstream.close({ isPolite: false });
  }

  /** Lets go of everything; a legacy server is told that the session is over. */
  async close(): Promise<void> {
    this.#stopWatching();
    await this.#current?.close({ isPolite: true }).catch(() => {});
    await this.lastKnown.settled();
    void this.#transport?.then(
      (transport) => transport.close(),
      () => {},
    );
  }

  async #connect(): Promise<Upstream> {
    this.introduceItself();
    const client = this.#client as ClientIdentity & { isModern: boolean };
    const known = await this.readLastKnown();
    const transport = await this.#carry();
    let upstream: Upstream | undefined;
    const events = {
      onNotification: (notification: Notification): void => this.#listener.onNotification(notification),
      onAsk: (ask: Ask): Promise<ResponseBody> => this.#listener.onAsk(ask),
      onMissed: (): void => this.#listener.onRenewed(),
      onLost: (): void => {
        if (upstream) this.lose(upstream, new SessionLostError());
        this.#onLost();
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
    this.lastKnown.learn({ era: upstream.description.era });
    if (this.#isReady) upstream.start();
    if (this.#opened++ > 0) this.#listener.onRenewed();
    return upstream;
  }

  #carry(): Promise<Transport> {
    const { endpoint, credentials, userAgent, headers = {}, env = {}, log } = this.#options;
    const options = { endpoint, credentials, userAgent, headers, env, patienceMs: this.patienceMs, log };
    this.#transport ??=
      this.#options.transport === 'websocket'
        ? import('./websocket-transport.ts').then(({ WebSocketTransport }) => new WebSocketTransport(options))
        : Promise.resolve(new HttpTransport(options));
    return this.#transport;
  }

  #leave(): void {
    const former = this.#current;
    this.#current = undefined;
    this.#upstream = undefined;
    this.#opened = 0;
    void former?.close({ isPolite: true }).catch(() => {});
  }

  #refresh(): void {
    void this.#transport?.then(
      (transport) => transport.refresh(),
      () => {},
    );
  }
}
