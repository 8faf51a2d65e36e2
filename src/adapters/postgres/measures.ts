import { sql } from 'slonik';
import { z } from 'zod';
import type { PlatformMeasures } from '../../domain/platform-measures.ts';
import type { Measures } from '../../ports/stores.ts';
import type { Connection, Database } from './database.ts';

const counted = { count: z.number() };
const serverRow = z.object({ status: z.string(), ...counted });
const failuresRow = z.object({ rollouts: z.number(), deliveries: z.number() });
const jobRow = z.object({ queue: z.string(), state: z.string(), ...counted });
const waitRow = z.object({ queue: z.string(), seconds: z.number() });

export function createMeasures(database: Database): Measures {
  return { read: () => database.transaction(readMeasures) };
}

async function readMeasures(connection: Connection): Promise<PlatformMeasures> {
  const servers = await connection.any(sql.type(serverRow)`
    SELECT status, count(*) AS count FROM hosted_servers WHERE status <> 'deleted' GROUP BY status ORDER BY status
  `);
  const failures = await connection.one(sql.type(failuresRow)`
    SELECT
      (SELECT count(*) FROM rollouts WHERE stage = 'failed' AND finished_at > now() - interval '1 hour') AS rollouts,
      (SELECT count(*) FROM deliveries WHERE state = 'failed' AND finished_at > now() - interval '1 day') AS deliveries
  `);
  const jobs = await connection.any(sql.type(jobRow)`
    SELECT name AS queue, state::text AS state, count(*) AS count FROM pgboss.job
    WHERE state IN ('created', 'retry', 'active', 'failed') GROUP BY name, state ORDER BY name, state
  `);
  const waits = await connection.any(sql.type(waitRow)`
    SELECT q.name AS queue, COALESCE(max(extract(epoch FROM now() - j.start_after)), 0)::float8 AS seconds
    FROM pgboss.queue q
    LEFT JOIN pgboss.job j ON j.name = q.name AND j.state IN ('created', 'retry') AND j.start_after < now()
    WHERE q.name NOT LIKE '\_\_pgboss%' GROUP BY q.name ORDER BY q.name
  `);
  return {
    servers: [...servers],
    rolloutsFailedInHour: failures.rollouts,
    deliveriesFailedInDay: failures.deliveries,
    jobs: [...jobs],
    waits: [...waits],
  };
}
