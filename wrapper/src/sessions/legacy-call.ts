import { INPUT_ROUNDS_MAX } from '../limits.ts';
import { capabilityFor, hasCapability } from '../protocol/client-capability.ts';
import {
  ERROR,
  isObject,
  type JsonObject,
  type Notification,
  type Request,
  type ResponseBody,
  renderError,
  renderResponse,
  stringifySafely,
} from '../protocol/json-rpc.ts';
import { toLegacyBody } from '../protocol/modern-result.ts';
import type { Era } from '../protocol/protocol-version.ts';
import type { CallSink, ChildAsk } from './call-sink.ts';
import type { Channel } from './channel.ts';
import type { Relay } from './relay.ts';
import type { Session } from './session.ts';

/** A request of a legacy client on its way through the child. */
export class LegacyCall implements CallSink {
  readonly era = 'legacy';
  readonly session: Session | undefined;
  readonly isHeld = false;
  readonly #request: Request;
  readonly #channel: Channel;
  readonly #childEra: Era;
  readonly #relay: Relay;
  /** Undefined while the client is asked for what a modern child wants first. */
  #callId: number | undefined;
  #question: ChildAsk | undefined;
  #rounds = 0;
  #isOver = false;

  constructor(options: {
    request: Request;
    channel: Channel;
    session: Session | undefined;
    childEra: Era;
    relay: Relay;
  }) {
    this.#request = options.request;
    this.#channel = options.channel;
    this.session = options.session;
    this.#childEra = options.childEra;
    this.#relay = options.relay;
  }

  get client(): object {
    return this.session ?? this;
  }

  start(): void {
    this.#send(this.#request.params);
  }

  wantsLog(level: unknown): boolean {
    return this.session?.wantsLog(level) ?? true;
  }

  notify({ method, params }: Notification): boolean {
    const text = stringifySafely({ jsonrpc: '2.0', method, ...(params && { params }) });
    return text !== undefined && this.#channel.send(text);
  }

  ask(ask: ChildAsk): void {
    this.#put(ask);
  }

  withdraw(ask: ChildAsk): void {
    this.session?.withdraw(ask);
  }

  cancel(reason: unknown): void {
    if (this.#callId !== undefined) return this.#relay.cancel(this.#callId, reason);
    if (this.#question) this.withdraw(this.#question);
    this.abandon();
  }

  reply(body: ResponseBody): void {
    if (this.#childEra === 'legacy') return this.#end(body);
    const inputs = 'result' in body && isObject(body.result) ? body.result : {};
    if (inputs.resultType === 'input_required') void this.#bringInput(inputs);
    else this.#end(toLegacyBody(body));
  }

  abandon(): void {
    this.#close();
    this.#channel.abandon(renderError(this.#request.id, { code: ERROR.cancelled, message: 'Cancelled by the client' }));
  }

  #send(params: JsonObject | undefined): void {
    this.#callId = this.#relay.forward({ method: this.#request.method, params }, this);
    if (this.#callId !== undefined) this.session?.openCalls.set(this.#request.id, this);
  }

  /** A modern child wants something of the client first: it is asked in the old way, and the call made again. */
  async #bringInput({ inputRequests, requestState }: JsonObject): Promise<void> {
    this.#callId = undefined;
    this.#rounds += 1;
    if (this.#rounds > INPUT_ROUNDS_MAX) {
      const message = `The MCP server asked for input more than ${INPUT_ROUNDS_MAX} times`;
      return this.#end({ error: { code: ERROR.internal, message } });
    }
    const inputResponses: JsonObject = {};
    for (const [key, request] of Object.entries(isObject(inputRequests) ? inputRequests : {})) {
      const answer = await this.#askForInput(key, request);
      if (this.#isOver) return;
      if ('error' in answer) return this.#end(answer);
      inputResponses[key] = answer.result;
    }
    this.#send({
      ...this.#request.params,
      ...(isObject(inputRequests) && { inputResponses }),
      ...(requestState !== undefined && { requestState }),
    });
  }

  #askForInput(key: string, request: unknown): Promise<ResponseBody> {
    return new Promise((resolve) => {
      if (!isObject(request) || typeof request.method !== 'string') {
        return resolve({ error: { code: ERROR.internal, message: 'The MCP server asked for input without a method' } });
      }
      const params = isObject(request.params) ? request.params : undefined;
      this.#question = { id: `${this.#rounds}-${key}`, method: request.method, params, answer: resolve };
      this.#put(this.#question);
    });
  }

  #put(ask: ChildAsk): void {
    const needed = capabilityFor(ask);
    if (this.session && needed && hasCapability(this.session.capabilities, needed)) {
      return this.session.ask(ask, this.#channel);
    }
    ask.answer({ error: { code: ERROR.methodNotFound, message: `The client does not support ${ask.method}` } });
  }

  #end(body: ResponseBody): void {
    this.#close();
    this.#channel.end(renderResponse(this.#request.id, body));
  }

  #close(): void {
    this.#isOver = true;
    const { openCalls } = this.session ?? {};
    if (openCalls?.get(this.#request.id) === this) openCalls.delete(this.#request.id);
  }
}
