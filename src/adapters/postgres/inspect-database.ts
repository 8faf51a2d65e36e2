import pg from 'pg';
import type { DatabaseState } from '../../domain/doctor/diagnose-database.ts';
import type { PlatformMeasures } from '../../domain/platform-measures.ts';
import type { Log } from '../../ports/log.ts';
import { connectDatabase } from './database.ts';
import { sessionUrl } from './database-url.ts';
import { createMeasures } from './measures.ts';
import { compareMigrations } from './migrate.ts';
import { reach } from './reach.ts';

/** The caller's own time limit speaks first; this one ends what is left. */
const GRACE_MS = 1_000;

/** Looks at a database without changing it. @throws UserError `database-unreachable` */
export async function inspectDatabase(databaseUrl: string, timeoutMs: number): Promise<DatabaseState> {
  const client = new pg.Client({
    connectionString: sessionUrl(databaseUrl),
    connectionTimeoutMillis: timeoutMs + GRACE_MS,
    statement_timeout: timeoutMs + GRACE_MS,
  });
  await reach(databaseUrl, () => client.connect());
  try {
    return await reach(databaseUrl, () => readState(client));
  } finally {
    await client.end();
  }
}

async function readState(client: pg.Client): Promise<DatabaseState> {
  const { rows } = await client.query<{ version: string; used: number; max: number }>(`
    SELECT current_setting('server_version') AS version,
      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
      current_setting('max_connections')::int AS max
  `);
  const [{ version = '0', used = 0, max = 0 } = {}] = rows;
  return { version, ...(await compareMigrations(client)), connections: { used, max } };
}

/** @throws as `Database` does; also where the tables are not there yet */
export async function measurePlatform(databaseUrl: string, log: Log): Promise<PlatformMeasures> {
  const database = await connectDatabase({ databaseUrl, poolMax: 1, log });
  try {
    return await createMeasures(database).read();
  } finally {
    await database.close();
  }
}
