import type { ChildSupervisor } from '../child/child-supervisor.ts';
import { modernRequestMeta, type ServerIdentity } from '../child/server-identity.ts';
import { SHARED_CAPABILITIES } from '../protocol/client-capability.ts';
import { isObject, type JsonObject } from '../protocol/json-rpc.ts';

/**
 * Which resources the child reports changes of: all that some client wants, each once. A legacy child is told one by
 * one; to a modern child the wrapper holds one `subscriptions/listen`, begun anew when the list changes.
 */
export class ChildSubscriptions {
  readonly #supervisor: ChildSupervisor;
  readonly #holders = new Map<string, Set<object>>();
  #lastListen = 0;
  /** The listen whose notifications count: during a change two are open, and say everything twice. */
  #currentListen: string | undefined;

  constructor(supervisor: ChildSupervisor) {
    this.#supervisor = supervisor;
  }

  /** @throws Error when the child refuses; nothing is kept then */
  async add(uri: string, holder: object): Promise<void> {
    const holders = this.#holders.get(uri) ?? new Set();
    this.#holders.set(uri, holders);
    const isFirst = holders.size === 0;
    // Before the child is asked: its first notice may come right behind the answer.
    holders.add(holder);
    if (!isFirst || this.#supervisor.state.kind !== 'ready') return;
    if (this.#supervisor.state.server.era === 'modern') return this.#listen(this.#supervisor.state.server);
    try {
      await this.#supervisor.request('resources/subscribe', { uri });
    } catch (error) {
      this.#release(uri, holder);
      throw error;
    }
  }

  remove(uri: string, holder: object): void {
    if (!this.#release(uri, holder) || this.#supervisor.state.kind !== 'ready') return;
    if (this.#supervisor.state.server.era === 'modern') return this.#listen(this.#supervisor.state.server);
    // An error changes nothing here: nobody wants the notices, and its answer concerns no client.
    this.#supervisor.request('resources/unsubscribe', { uri }).catch(() => {});
  }

  holds(uri: unknown, holder: object): boolean {
    return typeof uri === 'string' && this.#holders.get(uri)?.has(holder) === true;
  }

  /** A new child knows nothing of what was subscribed. */
  restore(server: ServerIdentity): void {
    this.#currentListen = undefined;
    if (server.era === 'modern') return this.#listen(server);
    for (const uri of this.#holders.keys()) this.#supervisor.request('resources/subscribe', { uri }).catch(() => {});
  }

  /** The child has begun with this listen: it takes the place of the one before. */
  acknowledged(listenId: unknown): void {
    if (typeof listenId !== 'string' || listenId === this.#currentListen) return;
    const before = this.#currentListen;
    this.#currentListen = listenId;
    if (before !== undefined) this.#cancel(before);
  }

  isCurrent(listenId: unknown): boolean {
    return listenId === this.#currentListen;
  }

  #listen(server: ServerIdentity): void {
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(this.#holders.size > 0 && { resourceSubscriptions: [...this.#holders.keys()] }),
    };
    if (!canChange(server.capabilities)) return;
    this.#lastListen += 1;
    const id = `listen-${this.#lastListen}`;
    const params = { _meta: modernRequestMeta({ capabilities: SHARED_CAPABILITIES }), notifications };
    this.#supervisor.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params }));
  }

  #cancel(requestId: string): void {
    const params = { requestId };
    this.#supervisor.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }));
  }

  /** True when nobody is left. */
  #release(uri: string, holder: object): boolean {
    const holders = this.#holders.get(uri);
    if (!holders?.delete(holder) || holders.size > 0) return false;
    this.#holders.delete(uri);
    return true;
  }
}

function canChange(capabilities: JsonObject): boolean {
  const { tools, prompts, resources } = capabilities;
  return [tools, prompts, resources].some(
    (feature) => isObject(feature) && (feature.listChanged === true || feature.subscribe === true),
  );
}
