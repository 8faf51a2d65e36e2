import type { JsonObject, Message } from './json-rpc.ts';

/** One message on its way to the server. */
export interface Post {
  message: JsonObject;
  headers: Record<string, string>;
  /** Whether the server may get it twice. */
  isRepeatable: boolean;
  /** Silence after which it is given up, in ms. */
  silenceMs?: number;
  /** Lets go of the exchange; over HTTP that closes its stream. */
  signal?: AbortSignal;
  /** Every message that comes in answer. */
  onMessage: (message: Message) => void;
  /** Told as soon as the answer begins. */
  onSession?: (sessionId: string | undefined) => void;
}

export interface PostEnd {
  /** Where to go on when the stream ended before the answer came. */
  lastEventId: string | undefined;
  retryMs: number | undefined;
}

export interface Listening {
  headers: Record<string, string>;
  /** As of a post. */
  silenceMs?: number;
  signal: AbortSignal;
  onMessage: (message: Message) => void;
}

/** Carries JSON-RPC messages to one endpoint, whatever their revision. */
export interface Transport {
  readonly kind: 'http' | 'websocket';
  /**
   * Resolves when the answer is at an end, which need not hold a response.
   * @throws RemoteError
   */
  post(post: Post): Promise<PostEnd>;
  /**
   * Opens the listening stream of a legacy session and resolves when it ends; undefined when there is no such stream.
   * @throws RemoteError
   */
  listen(listening: Listening): Promise<PostEnd | undefined>;
  /** Tells the server that a legacy session is over. */
  endSession(headers: Record<string, string>): Promise<void>;
  /** After sleep or a change of network: lets go of what may be dead. */
  refresh(): void;
  close(): void;
}
