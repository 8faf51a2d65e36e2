import type { JsonObject, ResponseBody } from './json-rpc.ts';
import type { ClientIdentity } from './meta.ts';
import type { Era } from './protocol-version.ts';
import type { RpcError } from './remote-failure.ts';

/** Something the server wants of the client: sampling, elicitation, roots, ping. */
export interface Ask {
  method: string;
  params: JsonObject | undefined;
  /** The server no longer wants an answer. */
  signal?: AbortSignal;
}

export interface Notification {
  method: string;
  params: JsonObject | undefined;
}

/** A request of the local client on its way to the server. */
export interface Call {
  method: string;
  /** As the client wrote them. */
  params: JsonObject | undefined;
  /** Whether the client wrote them in the way of 2026-07-28; else answers are translated for it. */
  isModern: boolean;
  signal: AbortSignal;
  /** What belongs to this call: progress, log messages. */
  onNotification: (notification: Notification) => void;
  /** The client's answer to what the server asks in the course of this call. */
  ask: (ask: Ask) => Promise<ResponseBody>;
}

export interface ServerDescription {
  era: Era;
  protocolVersion: string;
  capabilities: JsonObject;
  serverInfo: unknown;
  instructions: unknown;
  /** The result of `initialize` or `server/discover`, whole. */
  result: JsonObject;
}

/** What a session has beside its id, kept to have it again in the next one. */
export interface SessionState {
  logLevel: string | undefined;
  subscriptions: Set<string>;
}

/** What an upstream tells beside answers. */
export interface UpstreamEvents {
  /** A notification that belongs to no call. */
  onNotification: (notification: Notification) => void;
  /** A request of the server that belongs to no call. */
  onAsk: (ask: Ask) => Promise<ResponseBody>;
  /** The server has forgotten the session, or messages were missed: what the client knows may be old. */
  onLost: () => void;
  onMissed: () => void;
  log: (text: string) => void;
}

export interface UpstreamOptions {
  client: ClientIdentity & { isModern: boolean };
  state: SessionState;
  events: UpstreamEvents;
  nextId: () => number;
  /** Silence after which a request is given up that may take long, in ms. */
  callTimeoutMs: number;
}

/** One server, spoken to in its own era. Calls go in as the client wrote them and are translated here. */
export interface Upstream {
  readonly description: ServerDescription;
  /** The client is ready for what the server says unasked. */
  start(): void;
  /**
   * Resolves with the server's response.
   * @throws RemoteError when there is none, SessionLostError when the server has forgotten us
   */
  call(call: Call): Promise<ResponseBody>;
  notify(notification: Notification): Promise<void>;
  /** Lets go of everything; politely tells a legacy server so. */
  close(options: { isPolite: boolean }): Promise<void>;
}

/** The server no longer knows the session. Nothing was executed. */
export class SessionLostError extends Error {}

/**
 * The server speaks another era than it did, so nothing was executed. With a `cause` that is only what a bare refusal looks
 * like, and nothing is certain.
 */
export class EraChangedError extends Error {}

/** The server's own JSON-RPC error, where a result was needed to go on. */
export class RpcFailure extends Error {
  readonly error: RpcError;

  constructor(error: RpcError) {
    super(error.message);
    this.name = 'RpcFailure';
    this.error = error;
  }

  get code(): number {
    return this.error.code;
  }
}
