import { randomBytes } from 'node:crypto';
import { SESSION_EVICT_IDLE_MS } from '../limits.ts';
import { Session, type SessionOptions } from './session.ts';
import { EventBudget } from './stream-log.ts';

export interface SessionStoreOptions {
  sessionsMax: number;
  idleMs: number;
  inputWaitMs: number;
  nowMs: () => number;
  onRemove: (session: Session) => void;
}

/** All open sessions, least recently used first. */
export class SessionStore {
  readonly #options: SessionStoreOptions;
  /** A Map keeps insertion order; a used session is taken out and put in again. */
  readonly #sessions = new Map<string, Session>();
  readonly #budget = new EventBudget();

  constructor(options: SessionStoreOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  all(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** Whether one more can be opened; makes room where that is possible. */
  hasRoom(): boolean {
    return this.#sessions.size < this.#options.sessionsMax || this.#evictOne();
  }

  create(options: Omit<SessionOptions, 'id' | 'nowMs' | 'budget' | 'inputWaitMs'>): Session {
    // 144 random bits in base64url: visible ASCII, and beyond guessing (2025-11-25, transports, session management).
    const id = randomBytes(18).toString('base64url');
    const { nowMs, inputWaitMs } = this.#options;
    const session = new Session({ ...options, id, nowMs: nowMs(), budget: this.#budget, inputWaitMs });
    this.#sessions.set(id, session);
    session.instance.sessions.add(session);
    return session;
  }

  /** Marks the session as used. One of another principal is not found. */
  use(id: string, principalId: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (!session || session.principalId !== principalId) return undefined;
    session.lastUsedAtMs = this.#options.nowMs();
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  remove(session: Session): void {
    if (!this.#sessions.delete(session.id)) return;
    session.end();
    this.#options.onRemove(session);
  }

  removeExpired(): void {
    const oldest = this.#options.nowMs() - this.#options.idleMs;
    for (const session of [...this.#sessions.values()]) {
      if (session.isInUse) session.lastUsedAtMs = this.#options.nowMs();
      else if (session.lastUsedAtMs <= oldest) this.remove(session);
    }
  }

  #evictOne(): boolean {
    const oldest = this.#options.nowMs() - SESSION_EVICT_IDLE_MS;
    for (const session of this.#sessions.values()) {
      if (session.isInUse || session.hasOpenStream || session.isSocket || session.lastUsedAtMs > oldest) continue;
      this.remove(session);
      return true;
    }
    return false;
  }
}
