import { isObject, type JsonObject, type Notification, type RequestId, stringifySafely } from '../protocol/json-rpc.ts';
import { META } from '../protocol/meta-keys.ts';
import type { Channel } from './channel.ts';

const FLAGS = {
  toolsListChanged: { notification: 'notifications/tools/list_changed', feature: 'tools' },
  promptsListChanged: { notification: 'notifications/prompts/list_changed', feature: 'prompts' },
  resourcesListChanged: { notification: 'notifications/resources/list_changed', feature: 'resources' },
} as const;

/** What a `subscriptions/listen` asked for and its server can do. */
export interface ListenFilter {
  flags: readonly (keyof typeof FLAGS)[];
  uris: readonly string[];
}

/**
 * The part of a requested filter that a server with these capabilities can honour (2026-07-28, subscriptions).
 * Undefined when it is not one.
 */
export function acceptFilter(requested: unknown, capabilities: JsonObject): ListenFilter | undefined {
  if (!isObject(requested)) return undefined;
  const { resourceSubscriptions = [] } = requested;
  if (!Array.isArray(resourceSubscriptions) || !resourceSubscriptions.every((uri) => typeof uri === 'string')) {
    return undefined;
  }
  const can = (feature: string, ability: string): boolean => {
    const declared = capabilities[feature];
    return isObject(declared) && declared[ability] === true;
  };
  const names = Object.keys(FLAGS) as (keyof typeof FLAGS)[];
  return {
    flags: names.filter((name) => requested[name] === true && can(FLAGS[name].feature, 'listChanged')),
    uris: can('resources', 'subscribe') ? [...new Set<string>(resourceSubscriptions)] : [],
  };
}

/** One open `subscriptions/listen` of a modern client. */
export class ListenStream {
  readonly principalId: string;
  readonly filter: ListenFilter;
  readonly #id: RequestId;
  readonly #channel: Channel;

  constructor(options: { id: RequestId; principalId: string; filter: ListenFilter; channel: Channel }) {
    this.#id = options.id;
    this.principalId = options.principalId;
    this.filter = options.filter;
    this.#channel = options.channel;
  }

  /** Must come before everything else. */
  acknowledge(): void {
    const notifications = {
      ...Object.fromEntries(this.filter.flags.map((name) => [name, true])),
      ...(this.filter.uris.length > 0 && { resourceSubscriptions: this.filter.uris }),
    };
    this.#send('notifications/subscriptions/acknowledged', { notifications });
  }

  /** Sends a notice that was asked for. */
  offer({ method, params }: Notification): void {
    const isWanted =
      method === 'notifications/resources/updated'
        ? this.filter.uris.some((uri) => uri === params?.uri)
        : this.filter.flags.some((name) => FLAGS[name].notification === method);
    if (isWanted) this.#send(method, params);
  }

  /** The graceful end, from the server's side. */
  finish(): void {
    const result = { resultType: 'complete', _meta: { [META.subscriptionId]: this.#id } };
    this.#channel.end(JSON.stringify({ jsonrpc: '2.0', id: this.#id, result }));
  }

  #send(method: string, params: JsonObject | undefined): void {
    const meta = isObject(params?._meta) ? params._meta : {};
    const tagged = { ...params, _meta: { ...meta, [META.subscriptionId]: this.#id } };
    const text = stringifySafely({ jsonrpc: '2.0', method, params: tagged });
    if (text !== undefined) this.#channel.send(text);
  }
}
