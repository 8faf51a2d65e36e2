import { capabilityFor, hasCapability } from './client-capability.ts';
import { HeldCalls } from './held-calls.ts';
import { ERROR, isObject, type JsonObject, type RequestId, type ResponseBody } from './json-rpc.ts';
import { type FrontOptions, methodNotFound } from './legacy-front.ts';
import type { LocalRequest } from './local-client.ts';
import { isLoggedAt } from './log-level.ts';
import { META, readMeta, readModernIdentity } from './meta.ts';
import { LEGACY_VERSIONS, MODERN_VERSION } from './protocol-version.ts';
import { RemoteError } from './remote-failure.ts';
import { toModernBody } from './translate-result.ts';
import type { Ask, Notification, ServerDescription } from './upstream.ts';
import type { WaitingProgress } from './waiting-progress.ts';

interface EmulatedRequest extends LocalRequest {
  server: ServerDescription;
  waiting: WaitingProgress;
}

interface Subscription {
  lists: ReadonlySet<string>;
  uris: ReadonlySet<string>;
}

const LISTS = { toolsListChanged: 'tools', promptsListChanged: 'prompts', resourcesListChanged: 'resources' } as const;

/** Methods that 2026-07-28 no longer has. */
const REMOVED: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** What a server of 2026-07-28 would do for its client, done with a legacy one. */
export class ModernEmulation {
  readonly #options: FrontOptions;
  readonly #held = new HeldCalls();
  readonly #subscriptions = new Map<RequestId, Subscription>();
  /** Open calls that want log messages, with the least level of each. */
  readonly #logging = new Map<RequestId, string>();
  #level: string | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  async serve(request: EmulatedRequest): Promise<void> {
    const { method, server } = request;
    const finish = (body: ResponseBody): void =>
      request.respond(toModernBody(body, { method, serverInfo: server.serverInfo }));
    if (REMOVED.has(method)) return finish(methodNotFound(method));
    if (method === 'server/discover') return finish({ result: describe(server) });
    if (method === 'subscriptions/listen') return await this.#listen(request);
    await this.#setLevel(request);
    const logLevel = readMeta(request.params, META.logLevel);
    if (typeof logLevel === 'string') this.#logging.set(request.id, logLevel);
    try {
      finish(await this.#call(request));
    } finally {
      this.#logging.delete(request.id);
    }
  }

  /** What belongs to no call. Log messages are let through while a call asks for them: on stdio they carry no id. */
  onNotification = ({ method, params }: Notification): void => {
    const { client } = this.#options;
    const list = /^notifications\/(tools|prompts|resources)\/list_changed$/.exec(method)?.[1];
    if (method === 'notifications/message') {
      const isWanted = [...this.#logging.values()].some((least) => isLoggedAt(params?.level, least));
      if (isWanted) client.notify(method, params);
    }
    for (const [id, { lists, uris }] of this.#subscriptions) {
      const isWatched = method === 'notifications/resources/updated' && uris.has(String(params?.uri));
      if (!isWatched && !(list !== undefined && lists.has(list))) continue;
      client.notify(method, { ...params, _meta: { [META.subscriptionId]: id } });
    }
  };

  onAsk = async (ask: Ask): Promise<ResponseBody> => this.#held.askAny(ask) ?? refusal(ask);

  /** What was missed is not known, so whatever the client follows may have changed. */
  onRenewed = (): void => {
    const lists = new Set([...this.#subscriptions.values()].flatMap(({ lists: followed }) => [...followed]));
    const uris = new Set([...this.#subscriptions.values()].flatMap(({ uris: watched }) => [...watched]));
    for (const list of lists) this.onNotification({ method: `notifications/${list}/list_changed`, params: undefined });
    for (const uri of uris) this.onNotification({ method: 'notifications/resources/updated', params: { uri } });
  };

  /** A call of a legacy server goes on while its client collects input for it (2026-07-28, MRTR). */
  async #call(request: EmulatedRequest): Promise<ResponseBody> {
    const { params, signal } = request;
    if (params?.requestState !== undefined) {
      return await this.#held.resume(params, { id: request.id, signal, waiting: request.waiting });
    }
    const capabilities = readModernIdentity(params)?.capabilities ?? {};
    return await this.#held.run({ id: request.id, signal, waiting: request.waiting }, (call) =>
      this.#options.remote.call({
        method: request.method,
        params,
        isModern: true,
        signal: call.signal,
        onNotification: (notification) => this.#passNotification(notification, call),
        onWaiting: () => call.waiting.tick(),
        ask: async (ask) => {
          const needed = capabilityFor(ask);
          return needed && hasCapability(capabilities, needed) ? await call.ask(ask) : refusal(ask);
        },
      }),
    );
  }

  #passNotification(notification: Notification, { id, waiting }: { id: RequestId; waiting: WaitingProgress }): void {
    const { method, params } = notification;
    if (method === 'notifications/message') {
      const least = this.#logging.get(id);
      if (least === undefined || !isLoggedAt(params?.level, least)) return;
    } else if (method !== 'notifications/progress') return this.onNotification(notification);
    if (waiting.admits(notification)) this.#options.client.notify(method, params);
  }

  /** The legacy server has one level for all; it is told the newest. */
  async #setLevel({ params, signal, server }: EmulatedRequest): Promise<void> {
    const level = readMeta(params, META.logLevel);
    if (typeof level !== 'string' || level === this.#level || server.capabilities.logging === undefined) return;
    this.#level = level;
    const ask = async (): Promise<ResponseBody> => methodNotFound('');
    const call = {
      method: 'logging/setLevel',
      params: { level },
      isModern: false,
      signal,
      onNotification: () => {},
      ask,
    };
    await this.#options.remote.call(call);
  }

  async #listen({ id, params, signal, server, respond }: EmulatedRequest): Promise<void> {
    const { client } = this.#options;
    const wanted = isObject(params?.notifications) ? params.notifications : {};
    const agreed: JsonObject = {};
    const lists = new Set<string>();
    for (const [name, list] of Object.entries(LISTS)) {
      const capability = server.capabilities[list];
      if (wanted[name] !== true || !isObject(capability) || capability.listChanged !== true) continue;
      agreed[name] = true;
      lists.add(list);
    }
    const uris = await this.#watch(wanted.resourceSubscriptions, { signal, server });
    if (uris.length > 0) agreed.resourceSubscriptions = uris;
    if (signal.aborted) return;
    this.#subscriptions.set(id, { lists, uris: new Set(uris) });
    signal.addEventListener('abort', () => this.#unlisten(id), { once: true });
    const meta = { [META.subscriptionId]: id };
    client.notify('notifications/subscriptions/acknowledged', { _meta: meta, notifications: agreed });
    // There is nothing to wait for: the stream ends when the client says so.
    if (Object.keys(agreed).length > 0) return;
    this.#subscriptions.delete(id);
    respond({ result: { resultType: 'complete', _meta: meta } });
  }

  /** @returns those that the server takes */
  async #watch(
    wanted: unknown,
    { signal, server }: { signal: AbortSignal; server: ServerDescription },
  ): Promise<string[]> {
    const { resources } = server.capabilities;
    if (!Array.isArray(wanted) || !isObject(resources) || resources.subscribe !== true) return [];
    const uris = wanted.filter((uri) => typeof uri === 'string');
    const taken = await Promise.all(uris.map((uri) => this.#setWatched(uri, { signal, isWatched: true })));
    return uris.filter((_uri, at) => taken[at]);
  }

  async #setWatched(uri: string, { signal, isWatched }: { signal: AbortSignal; isWatched: boolean }): Promise<boolean> {
    const method = isWatched ? 'resources/subscribe' : 'resources/unsubscribe';
    const ask = async (): Promise<ResponseBody> => methodNotFound('');
    const body = await this.#options.remote
      .call({ method, params: { uri }, isModern: false, signal, onNotification: () => {}, ask })
      .catch((error: unknown) => {
        if (error instanceof RemoteError) return undefined;
        throw error;
      });
    return body !== undefined && 'result' in body;
  }

  #unlisten(id: RequestId): void {
    const ended = this.#subscriptions.get(id);
    this.#subscriptions.delete(id);
    const others = [...this.#subscriptions.values()];
    for (const uri of ended?.uris ?? []) {
      if (others.some(({ uris }) => uris.has(uri))) continue;
      void this.#setWatched(uri, { signal: new AbortController().signal, isWatched: false });
    }
  }
}

function describe({ capabilities, instructions }: ServerDescription): JsonObject {
  return {
    supportedVersions: [MODERN_VERSION, ...LEGACY_VERSIONS],
    capabilities,
    ...(typeof instructions === 'string' && { instructions }),
  };
}

function refusal({ method }: Ask): ResponseBody {
  return { error: { code: ERROR.methodNotFound, message: `The client cannot do this: ${method}` } };
}
