import { expect, test } from '@jest/globals';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

test('an empty platform measures nothing, of both queues', async () => {
  const { postgres } = await tests.open();

  expect(await postgres.measures.read()).toEqual({
    servers: [],
    rolloutsFailedInHour: 0,
    deliveriesFailedInDay: 0,
    jobs: [],
    waits: [
      { queue: 'advance', seconds: 0 },
      { queue: 'deliveries', seconds: 0 },
    ],
  });
});

test('a job that nobody takes is measured by how long it has been due; one that is not due yet is not', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.queue.advance('hello-q7m2d4');
  await postgres.queue.advance('later-q7m2d4', 60_000);
  await tests.query(
    databaseUrl,
    "UPDATE pgboss.job SET start_after = now() - interval '20 minutes' WHERE singleton_key LIKE 'hello%'",
  );

  const { jobs, waits } = await postgres.measures.read();

  expect(jobs).toEqual([{ queue: 'advance', state: 'created', count: 2 }]);
  expect(waits.find(({ queue }) => queue === 'advance')?.seconds).toBeGreaterThanOrEqual(1_200);
  expect(waits.find(({ queue }) => queue === 'advance')?.seconds).toBeLessThan(1_300);
});

test('deliveries that failed within a day are counted', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.deliveryLog.refuse({ id: 'one', event: 'push', reason: 'too long' });
  await postgres.deliveryLog.refuse({ id: 'old', event: 'push', reason: 'too long' });
  await tests.query(databaseUrl, "UPDATE deliveries SET finished_at = now() - interval '2 days' WHERE id = 'old'");

  expect(await postgres.measures.read()).toMatchObject({ deliveriesFailedInDay: 1 });
});
