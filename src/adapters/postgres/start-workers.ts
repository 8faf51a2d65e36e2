import type { JobWithMetadata, PgBoss } from 'pg-boss';
import { sql } from 'slonik';
import { z } from 'zod';
import type { Log } from '../../ports/log.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import type { DeliveryLog, Queue, Rollouts } from '../../ports/stores.ts';
import { collapseRuns } from './collapse-runs.ts';
import type { Database } from './database.ts';
import { ADVANCE_QUEUE, DELIVERIES_QUEUE, enqueueDelivery } from './job-queue.ts';
import { runDelivery } from './run-delivery.ts';
import type { SessionLocks } from './session-locks.ts';
import { startTimers } from './start-timers.ts';

/** Jobs with a delay are seen by polling; the others wake a worker at once. */
const POLL_SECONDS = 1;

/** At one look for deliveries without a job; the rest is found at the next. */
const STRANDED_MAX = 1_000;

/** Younger ones have their job, or a worker that is at it. */
const STRANDED_AFTER_SECONDS = 300;

export interface WorkerOptions {
  /** Handles a recorded delivery. It is marked done afterwards, put off on `RetryLaterError`, retried on other errors. */
  onDelivery(deliveryId: string): Promise<void>;
  /** Brings a server's rollouts forward; `RetryLaterError` and others as above. One at a time for a server here. */
  onAdvance(serverId: string): Promise<void>;
  /** Periodic repair, once over all replicas in each interval. */
  onReconcile(): Promise<void>;
  reconcileIntervalMs: number;
  /** Comparison of git, database and cluster, once over all replicas in each interval. */
  onDrift(): Promise<void>;
  driftIntervalMs: number;
  /** Jobs of each kind at once in this process. */
  concurrency: number;
}

export interface Workers {
  /** Takes no more jobs, and waits for those that run. */
  stop(): Promise<void>;
}

export interface WorkerContext {
  database: Database;
  boss: PgBoss;
  deliveryLog: DeliveryLog;
  rollouts: Rollouts;
  queue: Queue;
  locks: SessionLocks;
  log: Log;
}

/**
 * Starts the workers and timers of one replica. What an earlier process left behind is enqueued first: its jobs may
 * still look active, and locks keep a run that does go on elsewhere apart from ours.
 */
export async function startWorkers(context: WorkerContext, options: WorkerOptions): Promise<Workers> {
  const { database, boss, queue, locks, log } = context;
  await requeueDeliveries(context, 0);
  for (const serverId of await context.rollouts.busyServers()) await queue.advance(serverId);

  const advance = collapseRuns(options.onAdvance);
  const delivery = { ...context, lock: locks, onDelivery: options.onDelivery };
  for (let worker = 0; worker < options.concurrency; worker += 1) {
    await work<{ deliveryId: string }>(boss, DELIVERIES_QUEUE, ({ data }) => runDelivery(data.deliveryId, delivery));
    await work<{ serverId: string }>(boss, ADVANCE_QUEUE, ({ data, retryCount }) =>
      runAdvance(data.serverId, { advance, queue, log, retryCount }),
    );
  }
  const timers = startTimers({
    database,
    locks,
    log,
    onReconcile: async () => {
      await requeueDeliveries(context, STRANDED_AFTER_SECONDS);
      await options.onReconcile();
    },
    reconcileIntervalMs: options.reconcileIntervalMs,
    onDrift: options.onDrift,
    driftIntervalMs: options.driftIntervalMs,
  });
  return {
    async stop() {
      await Promise.all([timers.stop(), boss.offWork(DELIVERIES_QUEUE), boss.offWork(ADVANCE_QUEUE)]);
    },
  };
}

/** A worker that goes on while there are jobs, and then waits to be woken. */
async function work<T extends object>(
  boss: PgBoss,
  queueName: string,
  run: (job: JobWithMetadata<T>) => Promise<void>,
): Promise<void> {
  const settings = { pollingIntervalSeconds: POLL_SECONDS, notifyPollingIntervalSeconds: POLL_SECONDS };
  const workerId = await boss.work(queueName, { ...settings, includeMetadata: true as const }, handle);

  async function handle([job]: JobWithMetadata<T>[]): Promise<void> {
    try {
      if (job) await run(job);
    } finally {
      boss.notifyWorker(workerId);
    }
  }
}

async function runAdvance(
  serverId: string,
  context: { advance: (serverId: string) => Promise<void>; queue: Queue; log: Log; retryCount: number },
): Promise<void> {
  try {
    await context.advance(serverId);
  } catch (error) {
    context.log.warn({ error, serverId, retryCount: context.retryCount }, 'A server was not brought forward');
    if (!(error instanceof RetryLaterError)) throw error;
    await context.queue.advance(serverId, error.afterMs);
  }
}

async function requeueDeliveries({ database, boss }: WorkerContext, olderThanSeconds: number): Promise<void> {
  const ids = await database.run((connection) =>
    connection.anyFirst(sql.type(z.object({ id: z.string() }))`
      SELECT id FROM deliveries
      WHERE state = 'received' AND received_at <= NOW() - MAKE_INTERVAL(secs => ${olderThanSeconds})
      ORDER BY received_at LIMIT ${STRANDED_MAX}
    `),
  );
  for (const id of ids) await database.transaction((transaction) => enqueueDelivery(boss, transaction, id));
}
