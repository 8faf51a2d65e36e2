import type { PgBoss } from 'pg-boss';
import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { isEnded, isSettled, type Rollout } from '../../domain/rollout.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import type { Rollouts } from '../../ports/stores.ts';
import { changeHostedServer } from './change-hosted-server.ts';
import type { Connection, Database } from './database.ts';
import { enqueueAdvance } from './job-queue.ts';
import { storableJson, storableText } from './storable.ts';
import { isUuid } from './uuid.ts';

/** To look the server up again, which finds it deleted. */
const DELETED_RETRY_MS = 1_000;

const rolloutRow = z.object({ state: z.custom<Rollout>() });

/** As `compareRollouts` of the domain has it. */
const NEWEST_FIRST = sql.fragment`ORDER BY r.triggered_at DESC, r.id DESC LIMIT 1`;

export function createRollouts(database: Database, boss: PgBoss): Rollouts {
  async function find(conditions: FragmentSqlToken): Promise<Rollout[]> {
    const rows = await database.run((connection) =>
      connection.any(sql.type(rolloutRow)`SELECT r.state FROM rollouts r ${conditions}`),
    );
    return rows.map(({ state }) => state);
  }

  async function findOne(conditions: FragmentSqlToken): Promise<Rollout | undefined> {
    const [rollout] = await find(conditions);
    return rollout;
  }

  return {
    start: (rollout, triggerKey, change) =>
      database.transaction(async (transaction) => {
        if (!(await insertRollout(transaction, rollout, triggerKey))) return false;
        await changeHostedServer(transaction, rollout.hostedServerId, change);
        await enqueueAdvance(boss, transaction, rollout.serverId);
        return true;
      }),

    save: (rollout, change) =>
      database.transaction(async (transaction) => {
        await updateRollout(transaction, rollout);
        // A rollout that was started in the meantime has the server live on.
        if (change.status === 'deleted' && (await hasNewer(transaction, rollout))) return;
        await changeHostedServer(transaction, rollout.hostedServerId, change);
      }),

    read: async (id) => (isUuid(id) ? findOne(sql.fragment`WHERE r.id = ${id}`) : undefined),

    unfinished: (serverId) =>
      find(sql.fragment`
        WHERE r.server_id = ${storableText(serverId)} AND NOT r.settled ORDER BY r.triggered_at, r.id
      `),

    newest: (serverId) => findOne(sql.fragment`WHERE r.server_id = ${storableText(serverId)} ${NEWEST_FIRST}`),

    newestSucceeded: (serverId, kinds) =>
      findOne(sql.fragment`
        WHERE r.server_id = ${storableText(serverId)} AND r.stage = 'succeeded'
          AND r.kind = ANY(${sql.array([...kinds], 'text')}) ${NEWEST_FIRST}
      `),

    newestReportedIn: (serverId, issue) =>
      findOne(sql.fragment`
        WHERE r.server_id = ${storableText(serverId)} AND r.issue = ${issue}
          AND r.state #> '{reports,commentId}' IS NOT NULL ${NEWEST_FIRST}
      `),

    findByBuildRun: (repositoryId, runId) =>
      findOne(sql.fragment`
        WHERE r.build_run_id = ${runId} AND r.repository_id = ${repositoryId} ${NEWEST_FIRST}
      `),

    async busyServers() {
      const ids = await database.run((connection) =>
        connection.anyFirst(sql.type(z.object({ server_id: z.string() }))`
          SELECT DISTINCT server_id FROM rollouts WHERE NOT settled ORDER BY server_id
        `),
      );
      return [...ids];
    },
  };
}

/** The row stays locked, so that none starts until the transaction ends. */
async function hasNewer(transaction: Connection, { id, hostedServerId }: Rollout): Promise<boolean> {
  await transaction.query(sql.unsafe`
    SELECT 1 FROM server_sources WHERE hosted_server_id = ${hostedServerId} FOR UPDATE
  `);
  return transaction.exists(sql.unsafe`
    SELECT 1 FROM rollouts r JOIN rollouts own ON own.id = ${id}
    WHERE r.hosted_server_id = ${hostedServerId} AND (r.triggered_at, r.id) > (own.triggered_at, own.id)
  `);
}

/**
 * @returns false when the trigger key is known
 * @throws RetryLaterError when the server was deleted since it was looked up: its repository may get a new one
 */
async function insertRollout(transaction: Connection, rollout: Rollout, triggerKey: string): Promise<boolean> {
  const { rowCount } = await transaction.query(sql.unsafe`
    INSERT INTO rollouts (id, hosted_server_id, server_id, kind, stage, trigger_key, triggered_at, commit_sha,
      repository_id, build_run_id, issue, settled, state, finished_at)
    SELECT ${rollout.id}::uuid, s.hosted_server_id, ${rollout.serverId}, ${rollout.kind}, ${rollout.stage},
      ${storableText(triggerKey)}, ${rollout.triggeredAt}::timestamptz, ${rollout.source.commitSha}, s.repository_id,
      ${rollout.build?.runId ?? null}::bigint, ${rollout.issue ?? null}::integer, ${isSettled(rollout)},
      ${storableJson(rollout)}::jsonb, ${isEnded(rollout) ? sql.fragment`NOW()` : null}
    FROM server_sources s WHERE s.hosted_server_id = ${rollout.hostedServerId}::uuid AND s.living FOR UPDATE
    ON CONFLICT (trigger_key) DO NOTHING
  `);
  if (rowCount === 1) return true;
  const isRepeat = await transaction.exists(
    sql.unsafe`SELECT 1 FROM rollouts WHERE trigger_key = ${storableText(triggerKey)}`,
  );
  if (isRepeat) return false;
  throw new RetryLaterError(`Cannot start a rollout of "${rollout.serverId}": it does not live`, DELETED_RETRY_MS);
}

async function updateRollout(transaction: Connection, rollout: Rollout): Promise<void> {
  const { rowCount } = await transaction.query(sql.unsafe`
    UPDATE rollouts
    SET kind = ${rollout.kind}, stage = ${rollout.stage}, triggered_at = ${rollout.triggeredAt}::timestamptz,
      commit_sha = ${rollout.source.commitSha}, build_run_id = ${rollout.build?.runId ?? null}::bigint,
      issue = ${rollout.issue ?? null}::integer, settled = ${isSettled(rollout)}, state = ${storableJson(rollout)}::jsonb,
      updated_at = NOW(),
      finished_at = ${isEnded(rollout) ? sql.fragment`COALESCE(finished_at, NOW())` : sql.fragment`NULL`}
    WHERE id = ${rollout.id}
  `);
  if (rowCount !== 1) throw new Error(`Cannot save the rollout ${rollout.id}: it is not stored, expected it started`);
}
