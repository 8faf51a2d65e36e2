import { sql } from 'slonik';
import { z } from 'zod';
import type { WriteBudget } from '../../ports/stores.ts';
import type { Connection, Database } from './database.ts';

/** GitHub's secondary limits for content-creating calls. */
const CALLS_PER_MINUTE_MAX = 80;
const CALLS_PER_HOUR_MAX = 500;

const waitRow = z.object({ wait_ms: z.number() });

export function createWriteBudget(database: Database): WriteBudget {
  return {
    async take(installationId, calls) {
      if (calls > CALLS_PER_MINUTE_MAX) throw new RangeError(`Cannot take ${calls} calls at once: expected at most 80`);
      return database.transaction(async (transaction) => {
        await transaction.query(sql.unsafe`
          SELECT pg_advisory_xact_lock(hashtextextended(${`github-writes:${installationId}`}, 0))
        `);
        const waitMs = Math.max(
          await waitForRoom(transaction, { installationId, seconds: 60, roomFor: CALLS_PER_MINUTE_MAX - calls }),
          await waitForRoom(transaction, { installationId, seconds: 3_600, roomFor: CALLS_PER_HOUR_MAX - calls }),
        );
        if (waitMs === 0) await record(transaction, installationId, calls);
        return waitMs;
      });
    },
  };
}

/**
 * Milliseconds until at most `roomFor` calls lie in the window: until the newest call that must leave it has left,
 * counted from the newest backwards.
 */
async function waitForRoom(
  transaction: Connection,
  window: { installationId: number; seconds: number; roomFor: number },
): Promise<number> {
  const { wait_ms } = await transaction.one(sql.type(waitRow)`
    SELECT COALESCE(CEIL(EXTRACT(EPOCH FROM
      MAX(taken_at) + MAKE_INTERVAL(secs => ${window.seconds}) - CLOCK_TIMESTAMP()) * 1000), 0)::float8 AS wait_ms
    FROM (
      SELECT taken_at, SUM(calls) OVER (ORDER BY taken_at DESC, ctid DESC) AS calls_since
      FROM github_writes
      WHERE installation_id = ${window.installationId}
        AND taken_at > CLOCK_TIMESTAMP() - MAKE_INTERVAL(secs => ${window.seconds})
    ) recent
    WHERE calls_since > ${window.roomFor}
  `);
  return Math.max(0, wait_ms);
}

async function record(transaction: Connection, installationId: number, calls: number): Promise<void> {
  await transaction.query(sql.unsafe`
    DELETE FROM github_writes
    WHERE installation_id = ${installationId} AND taken_at < CLOCK_TIMESTAMP() - INTERVAL '1 hour'
  `);
  await transaction.query(sql.unsafe`
    INSERT INTO github_writes (installation_id, calls) VALUES (${installationId}, ${calls})
  `);
}
