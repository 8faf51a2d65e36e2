import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'slonik';
import type { Log } from '../../ports/log.ts';
import type {
  AccessKeys,
  ApiTokens,
  Conversations,
  DeliveryLog,
  DriftLog,
  HostedServers,
  Measures,
  PullRequestHeads,
  Queue,
  Replies,
  Rollouts,
  SecretChanges,
  ServerLock,
  WriteBudget,
} from '../../ports/stores.ts';
import { createAccessKeys } from './access-keys.ts';
import { createApiTokens } from './api-tokens.ts';
import { createConversations } from './conversations.ts';
import { connectDatabase, type Database } from './database.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { createDriftLog } from './drift-log.ts';
import { createHostedServers } from './hosted-servers.ts';
import { createJobQueue, createQueuePort } from './job-queue.ts';
import { createMeasures } from './measures.ts';
import { migrate } from './migrate.ts';
import { createPullRequestHeads } from './pull-request-heads.ts';
import { reach } from './reach.ts';
import { createReplies } from './replies.ts';
import { createRollouts } from './rollouts.ts';
import { createSecretChanges } from './secret-changes.ts';
import { SessionLocks } from './session-locks.ts';
import { shareConnections } from './share-connections.ts';
import { startWorkers, type WorkerOptions, type Workers } from './start-workers.ts';
import { createWriteBudget } from './write-budget.ts';

/** Of one replica: six fit into the 100 that PostgreSQL gives out where nobody set it otherwise. */
const CONNECTIONS_MAX = 15;

/** A health check that hangs is a failed one. */
const READY_MS = 2_000;

/** Everything the bot keeps in Postgres. `migrate` comes first. */
export interface Postgres {
  deliveryLog: DeliveryLog;
  hostedServers: HostedServers;
  rollouts: Rollouts;
  driftLog: DriftLog;
  replies: Replies;
  pullRequestHeads: PullRequestHeads;
  writeBudget: WriteBudget;
  apiTokens: ApiTokens;
  accessKeys: AccessKeys;
  secretChanges: SecretChanges;
  conversations: Conversations;
  measures: Measures;
  queue: Queue;
  serverLock: ServerLock;
  /** Makes or updates the tables and queues; several replicas may at once. @throws UserError migration-changed, database-newer */
  migrate(): Promise<void>;
  /** Whether the database answers. */
  ready(): Promise<boolean>;
  startWorkers(options: WorkerOptions): Promise<Workers>;
  /** Ends the queue and every connection. Workers are to be stopped before. */
  close(): Promise<void>;
}

/**
 * Connects to Postgres 14 or newer.
 * @param options.databaseUrl `postgres://user:password@host:port/database`, with `sslmode` where wanted
 * @param options.connectionsMax connections at once, of statements, locks and the queue together; 8 or more
 * @throws UserError('database-unreachable')
 */
export async function createPostgres(options: {
  databaseUrl: string;
  log: Log;
  connectionsMax?: number;
}): Promise<Postgres> {
  const { databaseUrl, log, connectionsMax = CONNECTIONS_MAX } = options;
  const shares = shareConnections(connectionsMax);
  const database = await reach(databaseUrl, () => connectDatabase({ databaseUrl, poolMax: shares.statements, log }));
  const locks = new SessionLocks({ databaseUrl, connectionsMax: shares.locks, log });
  const jobs = createJobQueue({ databaseUrl, connectionsMax: shares.queue, log });
  const deliveryLog = createDeliveryLog(database, jobs.boss);
  const rollouts = createRollouts(database, jobs.boss);
  const queue = createQueuePort(database, jobs.boss);
  return {
    deliveryLog,
    rollouts,
    queue,
    hostedServers: createHostedServers(database),
    driftLog: createDriftLog(database),
    replies: createReplies(database),
    pullRequestHeads: createPullRequestHeads(database),
    writeBudget: createWriteBudget(database),
    apiTokens: createApiTokens(database),
    accessKeys: createAccessKeys(database),
    secretChanges: createSecretChanges(database),
    conversations: createConversations(database),
    measures: createMeasures(database),
    serverLock: locks,
    async migrate() {
      await reach(databaseUrl, () => migrate(databaseUrl));
      await jobs.start();
    },
    ready: () => isReady(database),
    startWorkers: (workers) =>
      startWorkers({ database, boss: jobs.boss, deliveryLog, rollouts, queue, locks, log }, workers),
    async close() {
      const ends = await Promise.allSettled([jobs.stop(), locks.close(), database.close()]);
      for (const end of ends) {
        // What is left open ends with the process.
        if (end.status === 'rejected')
          log.warn({ error: end.reason }, 'A connection to PostgreSQL did not end in order');
      }
    },
  };
}

async function isReady(database: Database): Promise<boolean> {
  const answer = database
    .run((connection) => connection.query(sql.unsafe`SELECT 1`))
    .then(
      () => true,
      () => false,
    );
  return Promise.race([answer, delay(READY_MS, false, { ref: false })]);
}
