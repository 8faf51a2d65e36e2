import { expect, test } from '@jest/globals';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

test('statements and jobs go on after the server was restarted', async () => {
  const { postgres } = await tests.open();
  const handled = Promise.withResolvers<string>();
  const workers = await postgres.startWorkers({
    onDelivery: async (id) => handled.resolve(id),
    onAdvance: async () => {},
    onReconcile: async () => {},
    onDrift: async () => {},
    driftIntervalMs: 3_600_000,
    reconcileIntervalMs: 3_600_000,
    concurrency: 1,
  });

  await tests.restart();
  const received = await postgres.deliveryLog.receive({ id: 'after', event: 'push', payload: {} });

  expect(received).toBe(true);
  expect(await handled.promise).toBe('after');
  expect(await postgres.serverLock.withLock('server', async () => 'locked')).toBe('locked');
  await workers.stop();
});

test('connections that were ended in use are replaced', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.replies.claim('first');

  await tests.query(
    databaseUrl,
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );

  const claims = await Promise.all(['a', 'b', 'c', 'd'].map((key) => postgres.replies.claim(key)));
  expect(claims).toEqual(['new', 'new', 'new', 'new']);
});
