import { SESSION_SUBSCRIPTIONS_MAX } from '../limits.ts';
import type { Session } from './session.ts';

/** RFC 5424 severities as MCP names them, the least first. */
const LOG_LEVELS: readonly unknown[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

/** What clients set in the child, which has one place for it: log level and resource subscriptions, kept per session. */
export class SharedState {
  readonly #sessions: () => Iterable<Session>;

  constructor(options: { sessions: () => Iterable<Session> }) {
    this.#sessions = options.sessions;
  }

  /** False when the session has too many already. */
  subscribe(session: Session, uri: string): boolean {
    if (session.subscriptions.size >= SESSION_SUBSCRIPTIONS_MAX && !session.subscriptions.has(uri)) return false;
    session.subscriptions.add(uri);
    return true;
  }

  subscribers(uri: unknown): Session[] {
    if (typeof uri !== 'string') return [];
    return [...this.#sessions()].filter((session) => session.subscriptions.has(uri));
  }

  /** Every subscribed URI once. */
  subscribedUris(): Set<string> {
    const uris = new Set<string>();
    for (const session of this.#sessions()) for (const uri of session.subscriptions) uris.add(uri);
    return uris;
  }

  /** The most talkative level any session asked for: the child must be set to it. Undefined when none asked. */
  leastLogLevel(): string | undefined {
    let least: string | undefined;
    for (const { logLevel } of this.#sessions()) {
      if (logLevel === undefined) continue;
      if (least === undefined || LOG_LEVELS.indexOf(logLevel) < LOG_LEVELS.indexOf(least)) least = logLevel;
    }
    return least;
  }

  isLogLevel(level: unknown): level is string {
    return LOG_LEVELS.includes(level);
  }

  /** A session that set no level takes what comes, as a client of its own server would. */
  wantsLog(session: Session, level: unknown): boolean {
    if (level === undefined || session.logLevel === undefined) return true;
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(session.logLevel);
  }

  logListeners(level: unknown): Session[] {
    const all = [...this.#sessions()];
    if (all.length === 1) return all.filter((session) => this.wantsLog(session, level));
    return all.filter((session) => session.logLevel !== undefined && this.wantsLog(session, level));
  }
}
