import type { ChildSupervisor } from '../child/child-supervisor.ts';
import type { PostExchange } from '../http/post-exchange.ts';
import { SESSION_SUBSCRIPTIONS_MAX } from '../limits.ts';
import { ERROR, type Notification, type Request, renderError, renderResult } from '../protocol/json-rpc.ts';
import type { Relay } from './relay.ts';
import type { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';

/** What the wrapper has done with the child itself, once, and what came without a request that could be meant by it. */
const NOT_FORWARDED: readonly string[] = [
  'notifications/initialized',
  'notifications/roots/list_changed',
  'notifications/progress',
];

/** Passes clients' messages on, and keeps apart what they set in the child they share. */
export class ClientMessages {
  readonly #supervisor: ChildSupervisor;
  readonly #relay: Relay;
  readonly #shared: SharedState;

  constructor(options: { supervisor: ChildSupervisor; relay: Relay; shared: SharedState }) {
    this.#supervisor = options.supervisor;
    this.#relay = options.relay;
    this.#shared = options.shared;
  }

  request(request: Request, exchange: PostExchange): void {
    const { session } = exchange;
    if (request.method === 'initialize') {
      const error = { code: ERROR.invalidRequest, message: '"initialize" must be sent by itself' };
      return exchange.reply(renderError(request.id, error));
    }
    if (session && request.method === 'logging/setLevel') return this.#setLogLevel(request, { session, exchange });
    if (session && request.method === 'resources/subscribe') return this.#subscribe(request, { session, exchange });
    if (session && request.method === 'resources/unsubscribe') return this.#unsubscribe(request, { session, exchange });
    this.#relay.forward(request, exchange);
  }

  notification({ method, params }: Notification, session: Session | undefined): void {
    if (method === 'notifications/cancelled') {
      // Without a session nothing tells whose request is meant.
      if (session) this.#relay.cancel(session, params);
      return;
    }
    if (NOT_FORWARDED.includes(method) || this.#supervisor.state.kind !== 'ready') return;
    this.#supervisor.send(JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) }));
  }

  /** After a session has ended: the child stops telling what nobody listens to any more. */
  forget(session: Session): void {
    if (this.#supervisor.state.kind !== 'ready') return;
    const stillWanted = this.#shared.subscribedUris();
    for (const uri of session.subscriptions) {
      if (!stillWanted.has(uri)) this.#tellChild('resources/unsubscribe', { uri });
    }
  }

  /** After a restart: the new child knows nothing of what the sessions had set. */
  restore(): void {
    for (const uri of this.#shared.subscribedUris()) this.#tellChild('resources/subscribe', { uri });
    const level = this.#shared.leastLogLevel();
    if (level !== undefined) this.#tellChild('logging/setLevel', { level });
  }

  #setLogLevel(request: Request, { session, exchange }: { session: Session; exchange: PostExchange }): void {
    const level = request.params?.level;
    if (!this.#shared.isLogLevel(level)) return this.#relay.forward(request, exchange);
    session.logLevel = level;
    const params = { ...request.params, level: this.#shared.leastLogLevel() };
    this.#relay.forward({ ...request, params }, exchange);
  }

  #subscribe(request: Request, { session, exchange }: { session: Session; exchange: PostExchange }): void {
    const uri = request.params?.uri;
    if (typeof uri !== 'string') return this.#relay.forward(request, exchange);
    // Before the child is asked: its first notice may come right behind the answer.
    const isNew = !session.subscriptions.has(uri);
    if (!this.#shared.subscribe(session, uri)) {
      const message = `A session may subscribe to ${SESSION_SUBSCRIPTIONS_MAX} resources`;
      return exchange.reply(renderError(request.id, { code: ERROR.refused, message }));
    }
    this.#relay.forward(request, exchange, (isSuccess) => {
      if (!isSuccess && isNew) session.subscriptions.delete(uri);
    });
  }

  #unsubscribe(request: Request, { session, exchange }: { session: Session; exchange: PostExchange }): void {
    const uri = request.params?.uri;
    if (typeof uri !== 'string') return this.#relay.forward(request, exchange);
    session.subscriptions.delete(uri);
    if (this.#shared.subscribers(uri).length > 0) return exchange.reply(renderResult(request.id, {}));
    this.#relay.forward(request, exchange);
  }

  #tellChild(method: string, params: object): void {
    // An error changes nothing here: the child is as it was, and its answer concerns no client.
    this.#supervisor.request(method, params).catch(() => {});
  }
}
