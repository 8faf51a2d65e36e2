import { expect, test } from '@jest/globals';
import { createPostgres } from '../../../src/adapters/postgres/create-postgres.ts';
import { shareConnections } from '../../../src/adapters/postgres/share-connections.ts';
import { silentLog } from './silent-log.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

test.each([8, 15])('one replica that may take %d connections never takes more, and gets its work done', async (max) => {
  const databaseUrl = await tests.newDatabase();
  const postgres = await createPostgres({ databaseUrl, connectionsMax: max, log: silentLog });
  await postgres.migrate();
  const handled = new Set<string>();
  let taken = 0;
  const look = async () => {
    // Those that look are not counted.
    const [row] = await tests.query(
      `${databaseUrl}?application_name=look`,
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND application_name <> 'look'`,
    );
    taken = Math.max(taken, Number(row?.count));
  };
  const workers = await postgres.startWorkers({
    concurrency: 4,
    reconcileIntervalMs: 60_000,
    onDelivery: async (id) => {
      await postgres.serverLock.withLock(`server:${id}`, look);
      handled.add(id);
    },
    onAdvance: async () => undefined,
    onReconcile: async () => undefined,
    onDrift: async () => undefined,
    driftIntervalMs: 3_600_000,
  });

  const ids = Array.from({ length: 40 }, (_, index) => `d-${index}`);
  await Promise.all([
    ...ids.map((id) => postgres.deliveryLog.receive({ id, event: 'push', payload: {} })),
    ...ids.map((id) => postgres.serverLock.withLock(`other:${id}`, look)),
  ]);
  while (handled.size < ids.length) await new Promise((resolve) => setTimeout(resolve, 20));
  await workers.stop();
  await postgres.close();

  expect(taken).toBeGreaterThan(max / 2);
  expect(taken).toBeLessThanOrEqual(max);
});

test.each([8, 9, 15, 35, 200])('%d connections are shared out whole, some to each', (max) => {
  const { statements, locks, queue } = shareConnections(max);

  expect(statements + locks + queue).toBe(max);
  expect(Math.min(statements, locks, queue)).toBeGreaterThanOrEqual(2);
});
