import type { PostExchange } from '../http/post-exchange.ts';
import { type Notification, stringifySafely } from '../protocol/json-rpc.ts';
import type { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';

/**
 * Finds whom a notification of the shared child is for. It must reach the one it concerns, and no two streams of one
 * client (2025-11-25, transports, multiple connections).
 */
export class NotificationRouter {
  readonly #sessions: () => Iterable<Session>;
  readonly #shared: SharedState;

  constructor(options: { sessions: () => Iterable<Session>; shared: SharedState }) {
    this.#sessions = options.sessions;
    this.#shared = options.shared;
  }

  /** @param exchanges those with a call open at the child */
  route(notification: Notification, exchanges: ReadonlySet<PostExchange>): void {
    const { method, params } = notification;
    const text = stringifySafely({ jsonrpc: '2.0', method, ...(params && { params }) });
    if (text === undefined) return;
    if (method.endsWith('/list_changed')) return this.#deliver(text, this.#sessions());
    if (method === 'notifications/resources/updated') {
      return this.#deliver(text, this.#shared.subscribers(params?.uri));
    }
    // The child names requests of its own here, and those never reach a client.
    if (method === 'notifications/cancelled') return;
    this.#deliverToWhomItConcerns(text, { notification, exchanges });
  }

  /**
   * Log messages and extensions name no request. One open call, or one client with open calls, must be the cause.
   * Otherwise a log message goes to the clients who asked for logs by setting a level, and anything else to the only
   * client if there is just one; handing it to all would show one client's data to another.
   */
  #deliverToWhomItConcerns(
    text: string,
    { notification, exchanges }: { notification: Notification; exchanges: ReadonlySet<PostExchange> },
  ): void {
    const [exchange] = exchanges;
    const level = notification.method === 'notifications/message' ? notification.params?.level : undefined;
    if (exchange && exchanges.size === 1) {
      if (exchange.session && !this.#shared.wantsLog(exchange.session, level)) return;
      if (!exchange.notify(text)) exchange.session?.deliver(text);
      return;
    }
    const active = new Set([...exchanges].map(({ session }) => session));
    const candidates = active.size === 1 ? [...active] : [...this.#sessions()];
    if (level !== undefined && active.size !== 1) {
      return this.#deliver(text, this.#shared.logListeners(level));
    }
    const [only] = candidates;
    if (only && candidates.length === 1 && this.#shared.wantsLog(only, level)) only.deliver(text);
  }

  #deliver(text: string, sessions: Iterable<Session>): void {
    for (const session of sessions) session.deliver(text);
  }
}
