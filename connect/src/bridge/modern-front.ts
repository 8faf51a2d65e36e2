import { isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import type { FrontOptions } from './legacy-front.ts';
import type { LocalRequest } from './local-client.ts';
import { META, readModernIdentity, withMeta } from './meta.ts';
import { ModernEmulation } from './modern-emulation.ts';
import { MODERN_VERSION } from './protocol-version.ts';
import { type Notification, RpcFailure } from './upstream.ts';
import { WaitingProgress } from './waiting-progress.ts';

/** A local client of 2026-07-28. With a server of its own era its messages pass; for a legacy one they are emulated. */
export class ModernFront {
  readonly #options: FrontOptions;
  readonly #emulation: ModernEmulation;
  #isIntroduced = false;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#emulation = new ModernEmulation(options);
  }

  /** Another client than this one was introduced to the server. */
  forget(): void {
    this.#isIntroduced = false;
  }

  async serve(request: LocalRequest): Promise<void> {
    const { remote, explain } = this.#options;
    this.#introduce(request.params);
    const waiting = this.#startWaiting(request);
    try {
      const server = await remote.open(request.signal, () => waiting.tick());
      if (server.era === 'legacy') await this.#emulation.serve({ ...request, server, waiting });
      else request.respond(await this.#pass(request, waiting));
    } catch (error) {
      request.respond(error instanceof RpcFailure ? { error: error.error } : explain(error, request.method));
    } finally {
      waiting.stop();
    }
  }

  async #pass({ id, method, params, signal }: LocalRequest, waiting: WaitingProgress): Promise<ResponseBody> {
    const { remote, client } = this.#options;
    const body = await remote.call({
      method,
      params,
      signal,
      isModern: true,
      ask: client.ask,
      onNotification: (notification) => {
        if (waiting.admits(notification)) client.notify(notification.method, withSubscription(notification, id));
      },
      onWaiting: () => waiting.tick(),
    });
    if (!('result' in body) || !isObject(body.result) || !hasSubscription(body.result)) return body;
    return { result: withMeta(body.result, { [META.subscriptionId]: id }) };
  }

  #introduce(params: JsonObject | undefined): void {
    if (this.#isIntroduced) return;
    this.#isIntroduced = true;
    const identity = readModernIdentity(params) ?? {
      protocolVersion: MODERN_VERSION,
      info: undefined,
      capabilities: {},
    };
    this.#options.remote.introduce({ ...identity, isModern: true }, this.#emulation);
  }

  #startWaiting({ params }: LocalRequest): WaitingProgress {
    const { remote, client } = this.#options;
    return new WaitingProgress({ params, patienceMs: remote.patienceMs, notify: client.notify });
  }
}

/** The subscription's id is that of the client's request, not of ours. */
function withSubscription({ params }: Notification, id: string | number): JsonObject | undefined {
  return hasSubscription(params) ? withMeta(params, { [META.subscriptionId]: id }) : params;
}

function hasSubscription(value: JsonObject | undefined): boolean {
  return isObject(value?._meta) && value._meta[META.subscriptionId] !== undefined;
}
