import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ERROR, isObject, type JsonObject, type RequestId, type ResponseBody } from './json-rpc.ts';
import { HELD_CALL_MS, HELD_CALLS_MAX } from './limits.ts';
import type { Ask } from './upstream.ts';
import type { WaitingProgress } from './waiting-progress.ts';

/** The request of the client by which a call is served at the moment. */
interface Attempt {
  id: RequestId;
  signal: AbortSignal;
  waiting: WaitingProgress;
}

/** What the server's side of a call sees of its client, whichever request that is at. */
export interface HeldCall extends Attempt {
  ask: (ask: Ask) => Promise<ResponseBody>;
}

/** Time in which questions that come together are asked together, in ms. */
const GATHER_MS = 20;

/** Calls of a modern client at a legacy server that asks something in their course. */
export class HeldCalls {
  readonly #held = new Map<string, Held>();
  readonly #running = new Set<Held>();

  /** Resolves with the server's answer, or with `input_required` as soon as it asks something. */
  async run(attempt: Attempt, start: (call: HeldCall) => Promise<ResponseBody>): Promise<ResponseBody> {
    const held = new Held(attempt, start);
    this.#running.add(held);
    return await this.#next(held);
  }

  /** The client is back with its input, or some of it. */
  async resume(params: JsonObject, attempt: Attempt): Promise<ResponseBody> {
    const state = String(params.requestState);
    const held = this.#held.get(state);
    if (!held) {
      return {
        error: { code: ERROR.invalidParams, message: 'The request is no longer waiting for input; start again' },
      };
    }
    this.#held.delete(state);
    held.resume(attempt, isObject(params.inputResponses) ? params.inputResponses : {});
    return await this.#next(held);
  }

  /** A question that came by itself belongs to the only call there is; among several nobody could tell. */
  askAny(ask: Ask): Promise<ResponseBody> | undefined {
    const [only, ...others] = this.#running;
    return only && others.length === 0 ? only.ask(ask) : undefined;
  }

  async #next(held: Held): Promise<ResponseBody> {
    const outcome = await held.next();
    if (outcome.kind === 'done') {
      this.#running.delete(held);
      if ('error' in outcome) throw outcome.error;
      return outcome.body;
    }
    const requestState = randomUUID();
    this.#held.set(requestState, held);
    setTimeout(() => this.#abandon(requestState), HELD_CALL_MS).unref();
    const [oldest] = this.#held.keys();
    if (this.#held.size > HELD_CALLS_MAX && oldest !== undefined) this.#abandon(oldest);
    return { result: { resultType: 'input_required', inputRequests: outcome.inputRequests, requestState } };
  }

  #abandon(requestState: string): void {
    const held = this.#held.get(requestState);
    this.#held.delete(requestState);
    if (!held) return;
    this.#running.delete(held);
    held.abandon();
  }
}

type Outcome =
  | { kind: 'done'; body: ResponseBody }
  | { kind: 'done'; error: unknown }
  | { kind: 'asks'; inputRequests: JsonObject };

class Held {
  readonly #cancelled = new AbortController();
  readonly #done: Promise<Outcome>;
  readonly #asks = new Map<string, { ask: Ask; answer: (body: ResponseBody) => void }>();
  #attempt: Attempt;
  #keys = 0;
  #onAsk: () => void = () => {};

  constructor(attempt: Attempt, start: (call: HeldCall) => Promise<ResponseBody>) {
    this.#attempt = attempt;
    this.#follow(attempt);
    const current = (): Attempt => this.#attempt;
    const call: HeldCall = {
      get id() {
        return current().id;
      },
      get waiting() {
        return current().waiting;
      },
      signal: this.#cancelled.signal,
      ask: (ask) => this.ask(ask),
    };
    this.#done = start(call).then(
      (body): Outcome => ({ kind: 'done', body }),
      (error: unknown): Outcome => ({ kind: 'done', error }),
    );
  }

  ask(ask: Ask): Promise<ResponseBody> {
    this.#keys += 1;
    const key = `input-${this.#keys}`;
    return new Promise((resolve) => {
      const answer = (body: ResponseBody): void => {
        this.#asks.delete(key);
        resolve(body);
      };
      this.#asks.set(key, { ask, answer });
      ask.signal?.addEventListener('abort', () => answer(GONE), { once: true });
      this.#onAsk();
    });
  }

  /** The answer, or what is asked by now. */
  async next(): Promise<Outcome> {
    const asked = new Promise<void>((resolve) => {
      this.#onAsk = resolve;
      if (this.#asks.size > 0) resolve();
    }).then(() => pause(GATHER_MS));
    const first = await Promise.race([this.#done, asked]);
    if (first || this.#asks.size === 0) return first ?? (await this.next());
    const requests = [...this.#asks].map(([key, { ask }]) => [
      key,
      { method: ask.method, ...(ask.params && { params: ask.params }) },
    ]);
    return { kind: 'asks', inputRequests: Object.fromEntries(requests) };
  }

  /** What the client left out is asked again by the next round. */
  resume(attempt: Attempt, responses: JsonObject): void {
    this.#attempt = attempt;
    this.#follow(attempt);
    for (const [key, { answer }] of [...this.#asks]) {
      if (isObject(responses[key])) answer({ result: responses[key] });
    }
  }

  abandon(): void {
    this.#cancelled.abort();
    for (const { answer } of [...this.#asks.values()]) answer(GONE);
  }

  #follow(attempt: Attempt): void {
    const stop = (): void => {
      if (this.#attempt === attempt) this.abandon();
    };
    attempt.signal.addEventListener('abort', stop, { once: true });
  }
}

const GONE: ResponseBody = { error: { code: ERROR.internal, message: 'The question is no longer open' } };
