import { sql } from 'slonik';
import { z } from 'zod';
import type { DriftLog } from '../../ports/stores.ts';
import type { Database } from './database.ts';

const seenRow = z.object({ key: z.string(), seen_since: z.date() });

export function createDriftLog(database: Database): DriftLog {
  return {
    async observe(keys, now) {
      const at = now.toISOString();
      const rows = await database.transaction(async (transaction) => {
        await transaction.query(sql.unsafe`DELETE FROM drift_seen WHERE key <> ALL(${sql.array([...keys], 'text')})`);
        await transaction.query(sql.unsafe`
          INSERT INTO drift_seen (key, seen_since)
          SELECT key, ${at}::timestamptz FROM UNNEST(${sql.array([...keys], 'text')}) AS key
          ON CONFLICT (key) DO NOTHING
        `);
        return transaction.any(sql.type(seenRow)`SELECT key, seen_since FROM drift_seen`);
      });
      return new Map(rows.map((row) => [row.key, row.seen_since]));
    },
  };
}
