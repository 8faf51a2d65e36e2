import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import type { Log } from '../../ports/log.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import type { ServerLock } from '../../ports/stores.ts';
import { sessionUrl } from './database-url.ts';

/** Longer than one hung GitHub request of the holder; two locks taken in crossed order end here too. */
const LOCK_WAIT_MS = 60_000;

/** Work of one process that waits for a lock or its connection; above this, callers come back later. */
const WAITERS_MAX = 200;

/** When to come back after waiting in vain. */
const RETRY_MS = 1_000;

/** The server notices a dead client within a minute, so that its locks do not outlive a lost network by hours. */
const SESSION_SETTINGS = `SET lock_timeout = ${LOCK_WAIT_MS}; SET tcp_keepalives_idle = 30;
  SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3`;

interface Session {
  client: pg.PoolClient;
  /** False once the outermost lock is given back: work that runs on after it takes a session of its own. */
  open: boolean;
  broken: boolean;
}

/**
 * Advisory locks of database sessions: they end with their process, however it dies. Each holder has a connection from
 * a pool of their own, and a lock taken within another shares it: holders never wait for a connection, so the pool
 * cannot deadlock.
 * Errors: what `work` throws; `RetryLaterError` when the lock was not to be had.
 */
export class SessionLocks implements ServerLock {
  readonly #pool: pg.Pool;
  readonly #sessions = new AsyncLocalStorage<Session>();
  readonly #log: Log;
  #waiters = 0;

  /** @param options.connectionsMax locks held or waited for at once by this process */
  constructor(options: { databaseUrl: string; connectionsMax: number; log: Log }) {
    this.#log = options.log;
    this.#pool = new pg.Pool({
      connectionString: sessionUrl(options.databaseUrl),
      max: options.connectionsMax,
      connectionTimeoutMillis: LOCK_WAIT_MS,
      keepAlive: true,
    });
    this.#pool.on('error', (error) => this.#lost(error));
    this.#pool.on('connect', (client) => {
      client.on('error', (error) => this.#lost(error));
      client.query(SESSION_SETTINGS).catch((error) => this.#lost(error));
    });
  }

  async withLock<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#inSession(key, async (session) => {
      await this.#wait(key, () =>
        session.client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockName(key)]),
      );
      return this.#unlockAfter(session, key, work);
    });
  }

  /** Runs the work only when nobody holds the lock. @returns whether it ran */
  async tryWithLock(key: string, work: () => Promise<void>): Promise<boolean> {
    return this.#inSession(key, async (session) => {
      const { rows } = await this.#wait(key, () =>
        session.client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', [
          lockName(key),
        ]),
      );
      if (!rows[0]?.locked) return false;
      await this.#unlockAfter(session, key, work);
      return true;
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #inSession<T>(key: string, use: (session: Session) => Promise<T>): Promise<T> {
    const outer = this.#sessions.getStore();
    if (outer?.open) return use(outer);
    const client = await this.#wait(key, () => this.#pool.connect());
    const session: Session = { client, open: true, broken: false };
    try {
      return await this.#sessions.run(session, () => use(session));
    } finally {
      session.open = false;
      client.release(session.broken);
    }
  }

  async #unlockAfter<T>(session: Session, key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      try {
        await session.client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lockName(key)]);
      } catch (error) {
        // The lock ends with its session, which is thrown away.
        session.broken = true;
        this.#lost(error);
      }
    }
  }

  async #wait<T>(key: string, wait: () => Promise<T>): Promise<T> {
    if (this.#waiters >= WAITERS_MAX)
      throw new RetryLaterError(`Cannot lock "${key}": too many wait already`, RETRY_MS);
    this.#waiters += 1;
    try {
      return await wait();
    } catch (cause) {
      throw new RetryLaterError(`Cannot lock "${key}": it was not to be had`, RETRY_MS, { cause });
    } finally {
      this.#waiters -= 1;
    }
  }

  #lost(error: unknown): void {
    this.#log.warn({ error }, 'Lost a lock connection to PostgreSQL');
  }
}

function lockName(key: string): string {
  return `lock:${key}`;
}
