import { setTimeout as delay } from 'node:timers/promises';
import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  type CommonQueryMethods,
  ConnectionError,
  createPool,
  type DatabasePool,
  type Interceptor,
  type QueryResultRow,
  SchemaValidationError,
} from 'slonik';
import type { Log } from '../../ports/log.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { slonikUrl } from './database-url.ts';
import { errorCode } from './error-code.ts';

/** Anything that statements run on: the pool, or a transaction. */
export type Connection = CommonQueryMethods;

/**
 * Postgres, by work that may run again: when the connection is lost, `work` is repeated on a new one, so it must be
 * safe to repeat after its commit went unheard.
 * Errors: `RetryLaterError` when there is no connection to be had.
 */
export interface Database {
  run<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  transaction<T>(work: (transaction: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Pauses before each further try: together they bridge a restart of the server on the same machine. */
const RECONNECT_PAUSES_MS = [100, 400, 1_600];

/** A managed Postgres fails over in seconds to a minute; jobs wait this long before the next try. */
const OUTAGE_RETRY_MS = 5_000;

/** No statement of ours comes near; it bounds a hung one. */
const STATEMENT_TIMEOUT_MS = 30_000;

const LOST_CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
]);

/** @param options.poolMax connections at most, the locks' and the queue's not counted */
export async function connectDatabase(options: { databaseUrl: string; poolMax: number; log: Log }): Promise<Database> {
  const pool = await createPool(slonikUrl(options.databaseUrl), {
    maxPoolSize: options.poolMax,
    idleTimeout: 60_000,
    statementTimeout: STATEMENT_TIMEOUT_MS,
    // Nothing here sets session state, so a connection needs no reset between two uses.
    resetConnection: async () => {},
    interceptors: [rowValidator],
    typeParsers: [
      { name: 'int8', parse: parseSafeInteger },
      { name: 'timestamp', parse: (text) => parseDate(`${text}Z`) },
      { name: 'timestamptz', parse: parseDate },
    ],
  });
  pool.on('error', (error) => options.log.warn({ error }, 'Lost a connection to PostgreSQL'));
  return {
    run: (work) => reconnecting(() => work(pool)),
    transaction: (work) => reconnecting(() => pool.transaction(work)),
    close: () => endPool(pool),
  };
}

async function reconnecting<T>(work: () => Promise<T>): Promise<T> {
  for (const pauseMs of RECONNECT_PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      await delay(pauseMs);
    }
  }
  try {
    return await work();
  } catch (error) {
    if (!isLostConnection(error)) throw error;
    throw new RetryLaterError('Cannot reach PostgreSQL: no connection, expected one', OUTAGE_RETRY_MS, {
      cause: error,
    });
  }
}

function isLostConnection(error: unknown): boolean {
  if (error instanceof BackendTerminatedError || error instanceof BackendTerminatedUnexpectedlyError) return true;
  if (error instanceof ConnectionError || LOST_CONNECTION_CODES.has(errorCode(error) ?? '')) return true;
  return typeof error === 'object' && error !== null && 'cause' in error && isLostConnection(error.cause);
}

/** Every row is parsed by the schema that its statement names, so that a drift of the tables is seen at once. */
const rowValidator: Interceptor = {
  name: 'row-validator',
  transformRow: ({ resultParser }, query, row) => {
    const result = resultParser?.['~standard'].validate(row);
    if (!result || result instanceof Promise) return row;
    if (result.issues) throw new SchemaValidationError(query, row, result.issues);
    return result.value as QueryResultRow;
  },
};

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`Cannot read ${text}: expected an integer below 2^53`);
  return value;
}

function parseDate(text: string): Date {
  return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
}

async function endPool(pool: DatabasePool): Promise<void> {
  await pool.end();
}
