import type { PgBoss } from 'pg-boss';
import { sql } from 'slonik';
import { z } from 'zod';
import type { Log } from '../../ports/log.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import type { DeliveryLog, ServerLock } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { enqueueDelivery } from './job-queue.ts';

/** Runs of one delivery that ended in an error, or with the death of the process. */
const DELIVERY_ATTEMPTS_MAX = 8;

/** Doubling from 1 s, about two minutes over all attempts. */
const BACKOFF_MS_MAX = 60_000;

/** How long an outage of others may put a delivery off; people have asked again by then. */
const PUT_OFF_MS_MAX = 6 * 60 * 60_000;

const begunRow = z.object({ attempts: z.number(), age_ms: z.number() });
type Begun = z.infer<typeof begunRow>;

/**
 * Runs a delivery that is not done, one process at a time, and settles it: done, put off, or failed with its error.
 * The attempt is counted before it begins, so that one which kills the process is given up too.
 */
export async function runDelivery(
  deliveryId: string,
  context: {
    database: Database;
    boss: PgBoss;
    deliveryLog: DeliveryLog;
    lock: ServerLock;
    log: Log;
    onDelivery: (deliveryId: string) => Promise<void>;
  },
): Promise<void> {
  const { database, boss, deliveryLog, log } = context;
  const again = (afterMs: number) =>
    database.transaction((transaction) => enqueueDelivery(boss, transaction, deliveryId, afterMs));

  await context.lock.withLock(`delivery:${deliveryId}`, async () => {
    const begun = await beginAttempt(database, deliveryId);
    if (!begun) return;
    if (begun.attempts > DELIVERY_ATTEMPTS_MAX) {
      await deliveryLog.markFailed(deliveryId, `Given up: ${DELIVERY_ATTEMPTS_MAX} runs did not end in order`);
      return;
    }
    try {
      await context.onDelivery(deliveryId);
      await deliveryLog.markDone(deliveryId);
    } catch (error) {
      const next = nextStep(error, begun);
      log.warn({ error, deliveryId, attempt: begun.attempts, next }, 'A delivery was not handled');
      if (next.kind === 'fail') return deliveryLog.markFailed(deliveryId, describe(error));
      if (next.kind === 'put-off') await forgetAttempt(database, deliveryId);
      await again(next.afterMs);
    }
  });
}

type NextStep = { kind: 'put-off' | 'retry'; afterMs: number } | { kind: 'fail' };

function nextStep(error: unknown, { attempts, age_ms }: Begun): NextStep {
  if (error instanceof RetryLaterError) {
    return age_ms < PUT_OFF_MS_MAX ? { kind: 'put-off', afterMs: error.afterMs } : { kind: 'fail' };
  }
  if (attempts >= DELIVERY_ATTEMPTS_MAX) return { kind: 'fail' };
  return { kind: 'retry', afterMs: Math.min(BACKOFF_MS_MAX, 1_000 * 2 ** (attempts - 1)) };
}

async function beginAttempt(database: Database, deliveryId: string): Promise<Begun | null> {
  return database.run((connection) =>
    connection.maybeOne(sql.type(begunRow)`
      UPDATE deliveries SET attempts = attempts + 1 WHERE id = ${deliveryId} AND state = 'received'
      RETURNING attempts, (EXTRACT(EPOCH FROM NOW() - received_at) * 1000)::float8 AS age_ms
    `),
  );
}

async function forgetAttempt(database: Database, deliveryId: string): Promise<void> {
  await database.run((connection) =>
    connection.query(sql.unsafe`UPDATE deliveries SET attempts = attempts - 1 WHERE id = ${deliveryId}`),
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
