import { setTimeout as pause } from 'node:timers/promises';
import { ERROR, isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import { LAST_KNOWN_AFTER_MS } from './limits.ts';
import type { LocalClient, LocalRequest } from './local-client.ts';
import { negotiateLegacyVersion } from './protocol-version.ts';
import type { Remote } from './remote.ts';
import { type Notification, RpcFailure, type ServerDescription } from './upstream.ts';
import { WaitingProgress } from './waiting-progress.ts';

export interface FrontOptions {
  remote: Remote;
  client: LocalClient;
  /** The JSON-RPC error for a request without an answer; told to the log as well. */
  explain: (error: unknown, method: string) => ResponseBody;
}

/** A local client of the revisions up to 2025-11-25. */
export class LegacyFront {
  readonly #options: FrontOptions;
  /** What the client was told that the server can. */
  #told: JsonObject = {};
  readonly #watched = new Set<string>();

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  async serve(request: LocalRequest): Promise<void> {
    request.respond(request.method === 'initialize' ? await this.#initialize(request) : await this.#call(request));
  }

  async notify({ method, params }: Notification): Promise<void> {
    const { remote } = this.#options;
    if (method === 'notifications/initialized') return remote.ready();
    await remote.notify({ method, params });
  }

  async #initialize({ params, signal }: LocalRequest): Promise<ResponseBody> {
    const { remote, client, explain } = this.#options;
    const capabilities = isObject(params?.capabilities) ? params.capabilities : {};
    const protocolVersion = typeof params?.protocolVersion === 'string' ? params.protocolVersion : '';
    remote.introduce(
      { isModern: false, protocolVersion, info: params?.clientInfo, capabilities },
      {
        onNotification: ({ method, params: told }) => client.notify(method, told),
        onAsk: client.ask,
        onRenewed: () => this.#tellChanges(),
      },
    );
    this.#watched.clear();
    const opened = remote.open(signal).then(
      (server): ResponseBody => {
        const result = toInitializeResult(server, protocolVersion);
        remote.lastKnown.learn({ initialize: result });
        return { result };
      },
      (error: unknown): ResponseBody =>
        error instanceof RpcFailure ? { error: error.error } : explain(error, 'initialize'),
    );
    const body = await Promise.race([opened, this.#recall(protocolVersion)]);
    if ('result' in body && isObject(body.result)) {
      this.#told = isObject(body.result.capabilities) ? body.result.capabilities : {};
    }
    return body;
  }

  /** The last known answer, when the server takes its time; never without one. */
  async #recall(protocolVersion: string): Promise<ResponseBody> {
    const { initialize } = await this.#options.remote.readLastKnown();
    if (!initialize) return await new Promise<never>(() => {});
    await pause(LAST_KNOWN_AFTER_MS, undefined, { ref: false });
    const known = String(initialize.protocolVersion);
    const isNewer = protocolVersion !== '' && known > protocolVersion;
    return { result: isNewer ? { ...initialize, protocolVersion } : initialize };
  }

  async #call({ method, params, signal }: LocalRequest): Promise<ResponseBody> {
    const { remote, client, explain } = this.#options;
    const waiting = new WaitingProgress({ params, patienceMs: remote.patienceMs, notify: client.notify });
    try {
      const body = await remote.call({
        method,
        params,
        signal,
        isModern: false,
        ask: client.ask,
        onNotification: (notification) => {
          if (waiting.admits(notification)) client.notify(notification.method, notification.params);
        },
        onWaiting: () => waiting.tick(),
      });
      if ('result' in body) this.#remember(method, params);
      return body;
    } catch (error) {
      return explain(error, method);
    } finally {
      waiting.stop();
    }
  }

  #remember(method: string, params: JsonObject | undefined): void {
    if (typeof params?.uri !== 'string') return;
    if (method === 'resources/subscribe') this.#watched.add(params.uri);
    if (method === 'resources/unsubscribe') this.#watched.delete(params.uri);
  }

  /** What was missed is not known, so whatever the client follows may have changed. */
  #tellChanges(): void {
    const { client } = this.#options;
    for (const list of ['tools', 'prompts', 'resources']) {
      const capability = this.#told[list];
      if (isObject(capability) && capability.listChanged === true) {
        client.notify(`notifications/${list}/list_changed`, undefined);
      }
    }
    for (const uri of this.#watched) client.notify('notifications/resources/updated', { uri });
  }
}

function toInitializeResult(server: ServerDescription, requested: string): JsonObject {
  if (server.era === 'legacy') return server.result;
  const { capabilities, serverInfo, instructions } = server;
  return {
    protocolVersion: negotiateLegacyVersion(requested),
    capabilities,
    serverInfo: isObject(serverInfo) ? serverInfo : { name: 'unknown', version: '0' },
    ...(typeof instructions === 'string' && { instructions }),
  };
}

/** For requests that a front does not know. */
export function methodNotFound(method: string): ResponseBody {
  return { error: { code: ERROR.methodNotFound, message: `Method not found: ${method}` } };
}
