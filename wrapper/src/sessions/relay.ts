import { ASKS_MAX } from '../limits.ts';
import type { ObservedRequest, Outcome } from '../measure/metrics.ts';
import { capabilityFor, hasCapability } from '../protocol/client-capability.ts';
import {
  ERROR,
  isObject,
  type JsonObject,
  type Notification,
  type Request,
  type RequestId,
  type Response,
  type ResponseBody,
  type RpcError,
  stringifySafely,
} from '../protocol/json-rpc.ts';
import { AskAttribution } from './ask-attribution.ts';
import type { CallSink, ChildAsk } from './call-sink.ts';
import { IdTable } from './id-table.ts';
import type { Session } from './session.ts';

/** Requests during which a server may ask its client something (2026-07-28, MRTR, supported requests). */
const ASKING_METHODS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

interface Call {
  id: number;
  client: object;
  method: string;
  sink: CallSink;
  progressToken: unknown;
  timer: NodeJS.Timeout;
  startedAtMs: number;
}

export interface RelayOptions {
  requestTimeoutMs: number;
  /** False when the child's input is full. */
  send: (line: string) => boolean;
  respond: (id: RequestId, body: ResponseBody) => void;
  /** A notification that names no call, with the calls that are open. */
  notice: (notification: Notification, open: Iterable<CallSink>) => void;
  /** Whose the child is, where it is one session's own: its client may be asked at any time. */
  onlySession: () => Session | undefined;
  /** A call is over. */
  observe: (request: ObservedRequest) => void;
}

/**
 * Carries requests of many clients to one child and the answers back. Each request gets an id of our own (an integer,
 * unique for the life of the child), which stands in for its progress token too, so equal ids of two clients never meet.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #calls = new IdTable<Call>();
  readonly #asks = new Map<RequestId, { ask: ChildAsk; call: Call | undefined }>();
  readonly #attribution = new AskAttribution<Call>();
  #asksInHand = 0;
  #lastId = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  get callsInFlight(): number {
    return this.#calls.size;
  }

  /** @returns our id of the call; undefined when the child could not take it and the sink has been told */
  forward({ method, params }: Pick<Request, 'method' | 'params'>, sink: CallSink): number | undefined {
    this.#lastId += 1;
    const id = this.#lastId;
    const replaced = replaceProgressToken(params, id);
    const line = stringifySafely({ jsonrpc: '2.0', id, method, ...(replaced.params && { params: replaced.params }) });
    if (line === undefined || !this.#options.send(line)) {
      const message = 'The MCP server does not read its input at the moment';
      this.#options.observe({ method, era: sink.era, outcome: 'refused', seconds: 0 });
      sink.reply({ error: { code: ERROR.internal, message, data: { reason: 'busy' } } });
      return undefined;
    }
    const timer = setTimeout(() => this.#expire(id), this.#options.requestTimeoutMs);
    const { progressToken } = replaced;
    const startedAtMs = performance.now();
    this.#calls.add(id, { id, client: sink.client, method, sink, progressToken, timer, startedAtMs });
    if (sink.session) sink.session.callsInFlight += 1;
    return id;
  }

  /** The client wants no answer any more: the child is told, and what it should still say is dropped. */
  cancel(id: number, reason?: unknown): void {
    const call = this.#take(id, { outcome: 'cancelled', isAnswered: false });
    if (!call) return;
    this.#sendCancelled(id, reason);
    call.sink.abandon();
  }

  receiveResponse({ id, body }: Response): void {
    if (typeof id !== 'number') return;
    const outcome = 'error' in body ? 'error' : 'ok';
    this.#take(id, { outcome, isAnswered: true })?.sink.reply(body);
  }

  receiveNotification(notification: Notification): void {
    const { method, params } = notification;
    if (method === 'notifications/cancelled') return this.#withdraw(params?.requestId);
    if (method !== 'notifications/progress') {
      this.#options.notice(notification, this.#openSinks());
      return;
    }
    const token = params?.progressToken;
    const call = typeof token === 'number' ? this.#calls.get(token) : undefined;
    if (call?.progressToken === undefined) return;
    call.timer.refresh();
    call.sink.notify({ ...notification, params: { ...params, progressToken: call.progressToken } });
  }

  /** A request of the child for its client. */
  receiveRequest(request: Request): void {
    const { id, method, params } = request;
    const refuse = (message: string): void =>
      this.#options.respond(id, { error: { code: ERROR.methodNotFound, message } });
    if (!capabilityFor(request)) return refuse('The client of this server does not support this method');
    if (this.#asksInHand >= ASKS_MAX) return refuse('Too many requests of this server wait for its clients');
    const open = this.#calls.values().filter((call) => ASKING_METHODS.has(call.method));
    if (open.length === 0) return this.#askWithoutCall(request, refuse);
    this.#asksInHand += 1;
    // A call whose questions are all with its client waits for the answers; it is the asker only if nobody else can be.
    const working = open.filter(({ sink }) => !sink.isHeld);
    this.#attribution.find(working.length > 0 ? working : open, (call) => {
      if (call) return this.#ask(call, { id, method, params });
      this.#asksInHand -= 1;
      refuse('Several clients have calls open, and nothing tells which of them this is for');
    });
  }

  /** Answers one call with an error of ours, in place of an answer of the child that cannot be passed on. */
  fail(id: number, error: RpcError): void {
    this.#take(id, { outcome: 'error', isAnswered: true })?.sink.reply({ error });
  }

  failAll(error: RpcError): void {
    for (const { id } of this.#calls.values()) {
      this.#take(id, { outcome: 'error', isAnswered: false })?.sink.reply({ error });
    }
    // Those that belong to no call: the next child has questions of its own, by the same ids.
    for (const id of [...this.#asks.keys()]) this.#withdraw(id);
  }

  /** Resolves when no call is open, or after the time. */
  async whenIdle(timeoutMs: number): Promise<void> {
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Servers look for roots when they start. Nobody has named any to a shared one; other questions need a client. */
  #askWithoutCall({ id, method, params }: Request, refuse: (message: string) => void): void {
    const session = this.#options.onlySession();
    const needed = capabilityFor({ method, params });
    if (session && needed && hasCapability(session.capabilities, needed)) {
      this.#asksInHand += 1;
      session.ask(this.#keepAsk({ id, method, params }, undefined));
    } else if (method === 'roots/list') this.#options.respond(id, { result: { roots: [] } });
    else refuse('No client has a call open that this could be for');
  }

  #ask(call: Call, request: Pick<ChildAsk, 'id' | 'method' | 'params'>): void {
    const ask = this.#keepAsk(request, call);
    this.#refreshTimers(call.client);
    call.sink.ask(ask);
  }

  #keepAsk(request: Pick<ChildAsk, 'id' | 'method' | 'params'>, call: Call | undefined): ChildAsk {
    const ask: ChildAsk = {
      ...request,
      answer: (body) => {
        if (!this.#forget(ask)) return;
        if (call) this.#refreshTimers(call.client);
        this.#options.respond(ask.id, body);
      },
    };
    this.#asks.set(ask.id, { ask, call });
    return ask;
  }

  #forget(ask: ChildAsk): boolean {
    if (this.#asks.get(ask.id)?.ask !== ask) return false;
    this.#asks.delete(ask.id);
    this.#asksInHand -= 1;
    return true;
  }

  /** Which of a client's calls asked is not known for certain, so the time of each begins anew. */
  #refreshTimers(client: object): void {
    for (const call of this.#calls.values()) if (call.client === client) call.timer.refresh();
  }

  /**
   * A question goes on while its client has another call open: that one may have asked. Otherwise nobody is there for
   * the answer.
   */
  #handOverAsks(ended: Call): void {
    if (this.#asks.size === 0) return;
    const heir = this.#calls
      .values()
      .findLast((call) => call.client === ended.client && ASKING_METHODS.has(call.method));
    for (const entry of [...this.#asks.values()]) {
      if (entry.call !== ended) continue;
      if (heir) entry.call = heir;
      else {
        ended.sink.withdraw(entry.ask);
        entry.ask.answer({ error: { code: ERROR.internal, message: 'The call that this was for has ended' } });
      }
    }
  }

  #withdraw(id: unknown): void {
    const found = typeof id === 'string' || typeof id === 'number' ? this.#asks.get(id) : undefined;
    if (!found) return;
    this.#forget(found.ask);
    if (found.call) found.call.sink.withdraw(found.ask);
    else this.#options.onlySession()?.withdraw(found.ask);
  }

  #expire(id: number): void {
    const call = this.#calls.get(id);
    if (!call) return;
    const isAsking = [...this.#asks.values()].some((entry) => entry.call?.client === call.client);
    if (isAsking || call.sink.isHeld) {
      call.timer.refresh();
      return;
    }
    const seconds = Math.round(this.#options.requestTimeoutMs / 1000);
    this.#sendCancelled(id, 'timed out');
    const message = `The MCP server did not answer within ${seconds} s`;
    this.#take(id, { outcome: 'timeout', isAnswered: false })?.sink.reply({ error: { code: ERROR.timeout, message } });
  }

  #sendCancelled(requestId: number, reason: unknown): void {
    const params = { requestId, ...(typeof reason === 'string' && { reason }) };
    this.#options.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }));
  }

  #take(id: number, { outcome, isAnswered }: { outcome: Outcome; isAnswered: boolean }): Call | undefined {
    const call = this.#calls.take(id);
    if (!call) return undefined;
    clearTimeout(call.timer);
    const seconds = (performance.now() - call.startedAtMs) / 1000;
    this.#options.observe({ method: call.method, era: call.sink.era, outcome, seconds });
    this.#handOverAsks(call);
    if (isAnswered) this.#attribution.callEnded(call);
    else this.#attribution.callGivenUp(call);
    if (call.sink.session) call.sink.session.callsInFlight -= 1;
    if (this.#calls.size === 0) this.#onIdle?.();
    return call;
  }

  *#openSinks(): Iterable<CallSink> {
    for (const { sink } of this.#calls.values()) yield sink;
  }
}

function replaceProgressToken(
  params: JsonObject | undefined,
  id: number,
): { params: JsonObject | undefined; progressToken: unknown } {
  const meta = params?._meta;
  if (!isObject(meta) || meta.progressToken === undefined) return { params, progressToken: undefined };
  return { params: { ...params, _meta: { ...meta, progressToken: id } }, progressToken: meta.progressToken };
}
