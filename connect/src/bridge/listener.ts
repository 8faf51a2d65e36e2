import { setTimeout as pause } from 'node:timers/promises';
import { isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import { LISTEN_DELAY_MAX_MS, LISTEN_DELAY_MIN_MS, QUICK_TIMEOUT_MS } from './limits.ts';
import { META } from './meta.ts';
import type { Notification, UpstreamEvents } from './upstream.ts';

interface ListenCall {
  method: 'subscriptions/listen';
  params: JsonObject;
  signal: AbortSignal;
  onNotification: (notification: Notification) => void;
}

export interface ListenerOptions {
  listen: (call: ListenCall) => Promise<ResponseBody>;
  capabilities: JsonObject;
  /** URIs to be told of; changed by others, who call `update` then. */
  subscriptions: ReadonlySet<string>;
  events: UpstreamEvents;
}

const LISTS = { tools: 'toolsListChanged', prompts: 'promptsListChanged', resources: 'resourcesListChanged' } as const;

/** Holds the one `subscriptions/listen` that a legacy client's expectations amount to (2026-07-28, subscriptions). */
export class Listener {
  readonly #options: ListenerOptions;
  #stream: AbortController | undefined;
  #isClosed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Opens a stream with what is wanted now, then closes the former one. Resolves when the server has agreed. */
  async update(): Promise<void> {
    if (this.#isClosed) return;
    const notifications = this.#filter();
    const former = this.#stream;
    this.#stream = undefined;
    if (Object.keys(notifications).length > 0) {
      const stream = new AbortController();
      this.#stream = stream;
      await Promise.race([
        new Promise<void>((resolve) => void this.#keepOpen(notifications, { stream, onAgreed: resolve })),
        pause(QUICK_TIMEOUT_MS, undefined, { ref: false }),
      ]);
    }
    former?.abort();
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.abort();
  }

  #filter(): JsonObject {
    const { capabilities, subscriptions } = this.#options;
    const filter: JsonObject = {};
    for (const [list, name] of Object.entries(LISTS)) {
      const capability = capabilities[list];
      if (isObject(capability) && capability.listChanged === true) filter[name] = true;
    }
    if (subscriptions.size > 0) filter.resourceSubscriptions = [...subscriptions];
    return filter;
  }

  async #keepOpen(
    notifications: JsonObject,
    { stream, onAgreed }: { stream: AbortController; onAgreed: () => void },
  ): Promise<void> {
    const { listen, events } = this.#options;
    let delayMs = LISTEN_DELAY_MIN_MS;
    let wasOpen = false;
    const onNotification = (notification: Notification): void => {
      if (notification.method !== 'notifications/subscriptions/acknowledged') {
        return events.onNotification({ ...notification, params: withoutSubscription(notification.params) });
      }
      if (wasOpen) events.onMissed();
      wasOpen = true;
      delayMs = LISTEN_DELAY_MIN_MS;
      onAgreed();
    };
    const params = { notifications };
    while (!stream.signal.aborted) {
      try {
        const body = await listen({ method: 'subscriptions/listen', params, signal: stream.signal, onNotification });
        // A server without this method will not have it later either.
        if ('error' in body) return onAgreed();
      } catch {
        // It may be restarting. Calls report for themselves; the stream just comes back when it can.
      }
      await pause(delayMs, undefined, { signal: stream.signal }).catch(() => {});
      delayMs = Math.min(delayMs * 2, LISTEN_DELAY_MAX_MS);
    }
    onAgreed();
  }
}

function withoutSubscription(params: JsonObject | undefined): JsonObject | undefined {
  if (!params || !isObject(params._meta) || params._meta[META.subscriptionId] === undefined) return params;
  const { [META.subscriptionId]: subscription, ...meta } = params._meta;
  const { _meta, ...others } = params;
  return Object.keys(meta).length > 0 ? { ...others, _meta: meta } : others;
}
