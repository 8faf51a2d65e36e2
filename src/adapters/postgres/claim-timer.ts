import { sql } from 'slonik';
import type { Database } from './database.ts';

/** Claims periodic work for one interval over all replicas. @returns whether it is the caller's turn */
export async function claimTimer(database: Database, name: string, intervalMs: number): Promise<boolean> {
  const { rowCount } = await database.run((connection) =>
    connection.query(sql.unsafe`
      INSERT INTO timers (name, claimed_at) VALUES (${name}, CLOCK_TIMESTAMP())
      ON CONFLICT (name) DO UPDATE SET claimed_at = CLOCK_TIMESTAMP()
      WHERE timers.claimed_at <= CLOCK_TIMESTAMP() - MAKE_INTERVAL(secs => ${intervalMs / 1_000})
    `),
  );
  return rowCount === 1;
}
