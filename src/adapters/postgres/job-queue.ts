import { type Db, PgBoss, type SendOptions } from 'pg-boss';
import { sql } from 'slonik';
import { z } from 'zod';
import type { Log } from '../../ports/log.ts';
import type { Connection, Database } from './database.ts';
import { sessionUrl } from './database-url.ts';

export const DELIVERIES_QUEUE = 'deliveries';
export const ADVANCE_QUEUE = 'advance';

/** A run longer than this is taken for hung; its job is given out again, and the server's lock keeps the two apart. */
const RUN_SECONDS_MAX = 300;

/** A worker shows that it lives every half of this; after a crash its jobs are given out again. At least 10. */
const HEARTBEAT_SECONDS = 20;

/** How often dead workers are looked for. */
const SUPERVISE_SECONDS = 10;

/** What is done is kept for a look at what happened, no longer. */
const DONE_JOBS_KEPT_SECONDS = 24 * 60 * 60;

/** Doubling from 1 s to this: about 15 minutes over all tries of `RETRIES_MAX`. */
const RETRY_SECONDS_MAX = 120;

/** Further tries of a failed `advance`; then the reconcile timer begins anew. */
const RETRIES_MAX = 12;

/** pg-boss on the bot's own database, in its schema `pgboss`. */
export interface JobQueue {
  boss: PgBoss;
  /** Installs the queue's schema and the queues; several replicas may at once. */
  start(): Promise<void>;
  /** Waits for running handlers for some time. */
  stop(): Promise<void>;
}

/** How long a handler may go on after `stop`; a container gets 30 s for the whole shutdown. */
const STOP_MS = 20_000;

/** @param options.connectionsMax two or more: one of them listens */
export function createJobQueue(options: { databaseUrl: string; connectionsMax: number; log: Log }): JobQueue {
  const boss = new PgBoss({
    connectionString: sessionUrl(options.databaseUrl),
    application_name: 'mcp-hosting queue',
    max: options.connectionsMax - 1,
    useListenNotify: true,
    schedule: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  });
  boss.on('error', (error) => options.log.warn({ error }, 'The job queue has trouble with PostgreSQL'));
  boss.on('warning', (warning) => options.log.debug({ warning }, 'The job queue warns'));
  let started = false;
  return {
    boss,
    async start() {
      if (started) return;
      await boss.start();
      started = true;
      await createQueue(boss, DELIVERIES_QUEUE);
      await createQueue(boss, ADVANCE_QUEUE);
    },
    async stop() {
      if (started) await boss.stop({ graceful: true, timeout: STOP_MS });
      started = false;
    },
  };
}

/** `short`: one job that waits per key; while one is running, another may wait, so that no wake-up is lost. */
async function createQueue(boss: PgBoss, name: string): Promise<void> {
  const settings = {
    notify: true,
    expireInSeconds: RUN_SECONDS_MAX,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    deleteAfterSeconds: DONE_JOBS_KEPT_SECONDS,
    retryLimit: RETRIES_MAX,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: RETRY_SECONDS_MAX,
  };
  await boss.createQueue(name, { ...settings, policy: 'short' });
  await boss.updateQueue(name, settings);
}

/** Runs pg-boss's statements inside our transaction, so that a job comes into being together with its reason. */
function inTransaction(connection: Connection): Db {
  return {
    async executeSql(text, values = []) {
      const query = sql.type(z.record(z.string(), z.unknown()))``;
      const { rows } = await connection.query({ ...query, sql: text, values: values as never });
      return { rows: [...rows] };
    },
  };
}

/** Enqueues the run of a delivery; collapses with one that waits. */
export async function enqueueDelivery(
  boss: PgBoss,
  connection: Connection,
  deliveryId: string,
  afterMs = 0,
): Promise<void> {
  const options: SendOptions = { singletonKey: deliveryId, db: inTransaction(connection) };
  await boss.send(DELIVERIES_QUEUE, { deliveryId }, { ...options, ...delayed(afterMs) });
}

/**
 * Enqueues `advance` of a server. Of several waiting ones the earliest stays: whoever runs it asks again for what is
 * still to wait for. Its row stays locked until the transaction ends, so that a worker cannot take the job, look, and
 * miss what is about to be committed.
 */
export async function enqueueAdvance(
  boss: PgBoss,
  connection: Connection,
  serverId: string,
  afterMs = 0,
): Promise<void> {
  const db = inTransaction(connection);
  const options: SendOptions = { singletonKey: serverId, db };
  await connection.query(
    sql.type(z.unknown())`SELECT pg_advisory_xact_lock(hashtextextended(${`advance:${serverId}`}, 0))`,
  );
  const waiting = await boss.findJobs(ADVANCE_QUEUE, { key: serverId, queued: true, db });
  const dueMs = Math.min(...waiting.map((job) => job.startAfter.getTime()));
  if (afterMs > 0 && dueMs <= Date.now() + afterMs) return;
  const { updated } = await boss.update(ADVANCE_QUEUE, undefined, { ...options, startAfter: afterMs / 1_000 });
  if (updated === 0) await boss.send(ADVANCE_QUEUE, { serverId }, { ...options, ...delayed(afterMs) });
}

function delayed(afterMs: number): { startAfter?: number } {
  return afterMs > 0 ? { startAfter: afterMs / 1_000 } : {};
}

/** `Queue.advance` of the port, in a transaction of its own. */
export function createQueuePort(database: Database, boss: PgBoss) {
  return {
    advance: (serverId: string, afterMs?: number) =>
      database.transaction((transaction) => enqueueAdvance(boss, transaction, serverId, afterMs)),
  };
}
