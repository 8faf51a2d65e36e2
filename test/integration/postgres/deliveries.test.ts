import { expect, test } from '@jest/globals';
import { connectDatabase } from '../../../src/adapters/postgres/database.ts';
import { prune } from '../../../src/adapters/postgres/prune.ts';
import { silentLog } from './silent-log.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

const delivery = { id: 'b7c1f0de-0001', event: 'push', payload: { ref: 'refs/heads/main' } };

const jobs = async (databaseUrl: string) =>
  tests.query(databaseUrl, "SELECT data FROM pgboss.job WHERE name = 'deliveries' AND state = 'created'");

test('a delivery is recorded and its job enqueued once, however often it comes', async () => {
  const { postgres, databaseUrl } = await tests.open();

  const received = await Promise.all([1, 2, 3].map(() => postgres.deliveryLog.receive(delivery)));

  expect(received.filter(Boolean)).toHaveLength(1);
  expect(await postgres.deliveryLog.read(delivery.id)).toEqual(delivery);
  expect(await jobs(databaseUrl)).toEqual([{ data: { deliveryId: delivery.id } }]);
});

test('a delivery that is done stays done when it is sent again', async () => {
  const { postgres } = await tests.open();
  await postgres.deliveryLog.receive(delivery);
  await postgres.deliveryLog.markDone(delivery.id);

  expect(await postgres.deliveryLog.receive(delivery)).toBe(false);
});

test('a failed delivery is received again, with the payload of the redelivery', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.deliveryLog.receive(delivery);
  await tests.query(databaseUrl, "UPDATE pgboss.job SET state = 'completed' WHERE name = 'deliveries'");
  await postgres.deliveryLog.markFailed(delivery.id, 'it broke');

  expect(await postgres.deliveryLog.receive({ ...delivery, payload: { ref: 'again' } })).toBe(true);

  expect(await postgres.deliveryLog.read(delivery.id)).toMatchObject({ payload: { ref: 'again' } });
  expect(await jobs(databaseUrl)).toHaveLength(1);
});

test('a refused delivery is recorded with its reason and has no job; one that is known stays as it is', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.deliveryLog.receive(delivery);

  await postgres.deliveryLog.refuse({ id: 'refused', event: 'push', reason: 'The body is not JSON.' });
  await postgres.deliveryLog.refuse({ id: delivery.id, event: 'push', reason: 'The body is not JSON.' });

  const rows = await tests.query(databaseUrl, 'SELECT id, state, error, payload FROM deliveries ORDER BY id');
  expect(rows).toEqual([
    { id: delivery.id, state: 'received', error: null, payload: delivery.payload },
    { id: 'refused', state: 'failed', error: 'The body is not JSON.', payload: null },
  ]);
  expect(await jobs(databaseUrl)).toEqual([{ data: { deliveryId: delivery.id } }]);
});

test('neither the delivery nor its job is there when the other cannot be stored', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await tests.query(
    databaseUrl,
    'ALTER TABLE pgboss.job ADD CONSTRAINT refused CHECK (singleton_key IS NULL) NOT VALID',
  );

  await expect(postgres.deliveryLog.receive(delivery)).rejects.toThrow();

  expect(await postgres.deliveryLog.read(delivery.id)).toBeUndefined();
  expect(await jobs(databaseUrl)).toEqual([]);
});

test('text that jsonb refuses is stored with replacement characters', async () => {
  const { postgres } = await tests.open();
  const payload = { nul: 'a\0b', half: '\ud83d', 'key\0': 1, literal: '\\u0000', pair: '\u{1F600}' };

  await postgres.deliveryLog.receive({ id: 'hostile', event: 'issue_comment', payload });

  expect(await postgres.deliveryLog.read('hostile')).toMatchObject({
    payload: { nul: 'a\ufffdb', half: '\ufffd', 'key\ufffd': 1, literal: '\\u0000', pair: '\u{1F600}' },
  });
});

test('a large payload comes back as it was', async () => {
  const { postgres } = await tests.open();
  const payload = { body: 'ä\n"\\'.repeat(65_000), list: Array.from({ length: 5_000 }, (_, index) => ({ index })) };

  await postgres.deliveryLog.receive({ id: 'large', event: 'push', payload });

  expect(await postgres.deliveryLog.read('large')).toEqual({ id: 'large', event: 'push', payload });
});

test('an error with hostile text is stored, shortened', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.deliveryLog.receive(delivery);

  await postgres.deliveryLog.markFailed(delivery.id, `\0${'x'.repeat(100_000)}`);

  const [row] = await tests.query(databaseUrl, 'SELECT state, length(error) AS length FROM deliveries');
  expect(row).toEqual({ state: 'failed', length: 4_000 });
});

test('what has served is forgotten, what is still to be done is kept', async () => {
  const { postgres, databaseUrl } = await tests.open();
  for (const id of ['fresh', 'week', 'month', 'waiting']) await postgres.deliveryLog.receive({ ...delivery, id });
  for (const id of ['fresh', 'week', 'month']) await postgres.deliveryLog.markDone(id);
  await tests.query(databaseUrl, "UPDATE deliveries SET received_at = NOW() - INTERVAL '8 days' WHERE id = 'week'");
  await tests.query(
    databaseUrl,
    "UPDATE deliveries SET received_at = NOW() - INTERVAL '31 days' WHERE id IN ('month', 'waiting')",
  );
  const database = await connectDatabase({ databaseUrl, poolMax: 1, log: silentLog });

  await prune(database);

  const rows = await tests.query(databaseUrl, 'SELECT id, payload IS NULL AS dropped FROM deliveries ORDER BY id');
  expect(rows).toEqual([
    { id: 'fresh', dropped: false },
    { id: 'waiting', dropped: false },
    { id: 'week', dropped: true },
  ]);
  expect(await postgres.deliveryLog.read('week')).toBeUndefined();
  expect(await postgres.deliveryLog.receive({ ...delivery, id: 'week' })).toBe(false);
  await database.close();
});
