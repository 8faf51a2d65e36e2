import { SESSION_QUESTIONS_MAX, SESSION_QUEUE_MESSAGES_MAX, SESSION_STREAMS_MAX } from '../limits.ts';
import { ERROR, type JsonObject, type RequestId, type Response, stringifySafely } from '../protocol/json-rpc.ts';
import { isLoggedAt } from '../protocol/log-level.ts';
import type { ChildAsk } from './call-sink.ts';
import type { Channel, Outlet } from './channel.ts';
import type { ServerInstance } from './server-instance.ts';
import { EventBudget, StreamLog } from './stream-log.ts';

export interface SessionOptions {
  id: string;
  /** Who opened it; nobody else may use it (security best practices, session hijacking). */
  principalId: string;
  protocolVersion: string;
  /** What the client said of itself in `initialize`. */
  capabilities: JsonObject;
  clientInfo: unknown;
  instance: ServerInstance;
  nowMs: number;
  /** Where messages without a request go on a WebSocket; HTTP sessions have a GET stream for them. */
  socket?: Outlet | undefined;
  budget: EventBudget;
  /** The client has this long, in ms, to answer a question of the child. */
  inputWaitMs: number;
}

interface Question {
  ask: ChildAsk;
  channel: Channel | undefined;
  timer: NodeJS.Timeout;
}

const STANDALONE_STREAM_ID = '0';

/** One legacy client, from its `initialize` to DELETE, expiry or eviction. */
export class Session {
  readonly id: string;
  readonly principalId: string;
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  readonly clientInfo: unknown;
  readonly instance: ServerInstance;
  /** By the client's id of the request. */
  readonly openCalls = new Map<RequestId, { cancel(reason: unknown): void }>();
  logLevel: string | undefined;
  /** Its client names a version other than the one agreed on; told in the log once. */
  isVersionMistakeNoted = false;
  callsInFlight = 0;
  lastUsedAtMs: number;
  #budget: EventBudget;
  readonly #inputWaitMs: number;
  readonly #socket: Outlet | undefined;
  /** Made on first use: most sessions never need them. */
  #subscriptions: Set<string> | undefined;
  #streams: Map<string, StreamLog> | undefined;
  #asks: Map<number, Question> | undefined;
  #lastStream = 0;
  #lastAsk = 0;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.principalId = options.principalId;
    this.protocolVersion = options.protocolVersion;
    this.capabilities = options.capabilities;
    this.clientInfo = options.clientInfo;
    this.instance = options.instance;
    this.lastUsedAtMs = options.nowMs;
    this.#socket = options.socket;
    this.#budget = options.budget;
    this.#inputWaitMs = options.inputWaitMs;
  }

  /** Whether it may not be ended for being unused. An open GET stream alone is no use: clients leave theirs behind. */
  get isInUse(): boolean {
    return this.callsInFlight > 0;
  }

  get isSocket(): boolean {
    return this.#socket !== undefined;
  }

  get hasOpenStream(): boolean {
    return this.#streams?.get(STANDALONE_STREAM_ID)?.isOpen === true;
  }

  get subscriptions(): Set<string> {
    this.#subscriptions ??= new Set();
    return this.#subscriptions;
  }

  /** A session that set no level takes what comes, as a client of its own server would. */
  wantsLog(level: unknown): boolean {
    return this.logLevel === undefined || isLoggedAt(level, this.logLevel);
  }

  /** The stream of messages that belong to no request. */
  get standalone(): StreamLog {
    return this.#streams?.get(STANDALONE_STREAM_ID) ?? this.#keepStream(STANDALONE_STREAM_ID);
  }

  /** The stream of a POST that is answered by one. */
  openStream(): StreamLog {
    this.#lastStream += 1;
    return this.#keepStream(String(this.#lastStream));
  }

  findStream(id: string): StreamLog | undefined {
    return this.#streams?.get(id);
  }

  /** To the GET stream, or kept until one is opened. Equal notices are kept once; the oldest goes when there are too many. */
  deliver(text: string): void {
    if (this.#socket) {
      this.#socket.send(text);
      return;
    }
    const { standalone } = this;
    if (!standalone.isOpen) {
      if (standalone.holdsUnsent(text)) return;
      if (standalone.unsent >= SESSION_QUEUE_MESSAGES_MAX) standalone.dropOldestUnsent();
    }
    standalone.append(text);
  }

  /** Puts a question of the child to the client, with the call it belongs to where that has a stream. */
  ask(ask: ChildAsk, channel?: Channel): void {
    this.#lastAsk += 1;
    const id = this.#lastAsk;
    const text = stringifySafely({ jsonrpc: '2.0', id, method: ask.method, ...(ask.params && { params: ask.params }) });
    if (text === undefined) {
      return ask.answer({ error: { code: ERROR.invalidRequest, message: 'The request is nested too deeply' } });
    }
    this.#asks ??= new Map();
    if (this.#asks.size >= SESSION_QUESTIONS_MAX) {
      return ask.answer({ error: { code: ERROR.internal, message: 'Too many questions wait for this client' } });
    }
    const timer = setTimeout(() => this.#lapse(ask), this.#inputWaitMs);
    this.#asks.set(id, { ask, channel, timer });
    if (!channel?.send(text)) this.deliver(text);
  }

  /** A response of the client. One that nobody waits for is dropped. */
  answer({ id, body }: Response): void {
    const found = typeof id === 'number' ? this.#asks?.get(id) : undefined;
    if (!found) return;
    clearTimeout(found.timer);
    this.#asks?.delete(Number(id));
    found.ask.answer(body);
  }

  /** The child has taken its question back; the client learns the id it has in the session. */
  withdraw(ask: ChildAsk): void {
    for (const [requestId, { ask: own, channel, timer }] of this.#asks ?? []) {
      if (own !== ask) continue;
      clearTimeout(timer);
      this.#asks?.delete(requestId);
      const text = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
      if (channel) channel.send(text);
      else this.deliver(text);
      return;
    }
  }

  /** Closes the GET stream; what comes is kept. */
  endStandalone(): void {
    this.#streams?.get(STANDALONE_STREAM_ID)?.disconnect();
  }

  /** Leaves no question of the child without an answer. */
  endQuestions(): void {
    for (const { ask, timer } of this.#asks?.values() ?? []) {
      clearTimeout(timer);
      ask.answer({ error: { code: ERROR.internal, message: 'The session has ended' } });
    }
    this.#asks = undefined;
  }

  /** Nobody is there to take the answers any more, so the open calls are cancelled. */
  end(): void {
    for (const call of [...this.openCalls.values()]) call.cancel('The session has ended');
    this.endQuestions();
    for (const stream of this.#streams?.values() ?? []) stream.release();
    this.#streams = undefined;
    // What else is still to be answered may open streams that nobody will release.
    this.#budget = new EventBudget();
    this.#socket?.close();
  }

  /** Its client may have gone without a word, and the child would wait for ever. */
  #lapse(ask: ChildAsk): void {
    this.withdraw(ask);
    ask.answer({ error: { code: ERROR.timeout, message: 'The client did not answer in time' } });
  }

  #keepStream(id: string): StreamLog {
    this.#streams ??= new Map();
    const stream = new StreamLog(id, this.#budget);
    this.#streams.set(id, stream);
    if (this.#streams.size > SESSION_STREAMS_MAX) this.#dropOldStream();
    return stream;
  }

  #dropOldStream(): void {
    for (const [id, stream] of this.#streams ?? []) {
      if (id === STANDALONE_STREAM_ID || !stream.isDone) continue;
      stream.release();
      this.#streams?.delete(id);
      return;
    }
  }
}
