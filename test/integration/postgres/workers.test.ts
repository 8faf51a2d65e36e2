import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import type { Postgres } from '../../../src/adapters/postgres/create-postgres.ts';
import type { WorkerOptions } from '../../../src/adapters/postgres/start-workers.ts';
import { RetryLaterError } from '../../../src/ports/retry-later.ts';
import { channel } from './channel.ts';
import { newRollout, newServer } from './fixtures.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

const delivery = { id: 'd-1', event: 'push', payload: {} };

/** Starts workers that do nothing but what the test says; long intervals, so that nothing is done by the clock. */
function start(postgres: Postgres, options: Partial<WorkerOptions>) {
  return postgres.startWorkers({
    onDelivery: async () => {},
    onAdvance: async () => {},
    onReconcile: async () => {},
    onDrift: async () => {},
    driftIntervalMs: 3_600_000,
    reconcileIntervalMs: 3_600_000,
    concurrency: 2,
    ...options,
  });
}

async function deliveryState(databaseUrl: string) {
  const [row] = await tests.query(databaseUrl, 'SELECT state, attempts, error FROM deliveries');
  return row;
}

/** Asks again until it is so: a state in the database has no event. The test's own time limit bounds it. */
async function eventually(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((next) => setTimeout(next, 20));
}

test('a delivery is handled once and marked done', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const handled = channel<string>();
  const workers = await start(postgres, { onDelivery: async (id) => handled.tell(id) });

  await Promise.all([1, 2, 3].map(() => postgres.deliveryLog.receive(delivery)));

  await handled.until(({ length }) => length > 0);
  await workers.stop();
  expect(handled.told).toEqual(['d-1']);
  expect(await deliveryState(databaseUrl)).toMatchObject({ state: 'done' });
});

test('what was recorded before the start is handled', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.deliveryLog.receive(delivery);
  await tests.query(databaseUrl, 'DELETE FROM pgboss.job');
  const handled = channel<string>();

  const workers = await start(postgres, { onDelivery: async (id) => handled.tell(id) });

  await handled.until(({ length }) => length === 1);
  await workers.stop();
});

test('RetryLaterError puts a delivery off without counting the attempt', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const handled = channel<number>();
  const workers = await start(postgres, {
    onDelivery: async () => {
      handled.tell(handled.told.length);
      if (handled.told.length < 3) throw new RetryLaterError('GitHub is down', 1);
    },
  });

  await postgres.deliveryLog.receive(delivery);

  await handled.until(({ length }) => length === 3);
  await workers.stop();
  expect(await deliveryState(databaseUrl)).toEqual({ state: 'done', attempts: 1, error: null });
});

test('an error is tried again, and after the last attempt the delivery is failed with it', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const handled = channel<number>();
  const workers = await start(postgres, {
    onDelivery: async () => {
      handled.tell(handled.told.length);
      throw new Error('a bug');
    },
  });
  await postgres.deliveryLog.receive(delivery);
  await handled.until(({ length }) => length === 2);

  await tests.query(databaseUrl, 'UPDATE deliveries SET attempts = 7');

  await eventually(async () => (await deliveryState(databaseUrl))?.state === 'failed');
  await workers.stop();
  expect(await deliveryState(databaseUrl)).toEqual({ state: 'failed', attempts: 8, error: 'Error: a bug' });
});

test('a failed delivery that is sent again runs again', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.deliveryLog.receive(delivery);
  await postgres.deliveryLog.markFailed(delivery.id, 'it broke');
  const handled = channel<string>();
  const workers = await start(postgres, { onDelivery: async (id) => handled.tell(id) });

  await postgres.deliveryLog.receive(delivery);

  await handled.until(({ length }) => length === 1);
  await workers.stop();
  expect(await deliveryState(databaseUrl)).toMatchObject({ state: 'done' });
});

test('a delivery that ends its process each time is given up', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.deliveryLog.receive(delivery);
  await tests.query(databaseUrl, 'UPDATE deliveries SET attempts = 8');
  const handled = channel<string>();

  const workers = await start(postgres, { onDelivery: async (id) => handled.tell(id) });

  await eventually(async () => (await deliveryState(databaseUrl))?.state === 'failed');
  await workers.stop();
  expect(handled.told).toEqual([]);
});

test('wake-ups during a run lead to one more run afterwards', async () => {
  const { postgres } = await tests.open();
  const runs = channel<string>();
  const release = Promise.withResolvers<void>();
  const workers = await start(postgres, {
    onAdvance: async (serverId) => {
      runs.tell(serverId);
      if (runs.told.length === 1) await release.promise;
    },
  });
  await postgres.queue.advance('hello-k3v9x2');
  await runs.until(({ length }) => length === 1);

  for (let wakeUp = 0; wakeUp < 10; wakeUp += 1) await postgres.queue.advance('hello-k3v9x2');
  release.resolve();

  await runs.until(({ length }) => length >= 2);
  await workers.stop();
  expect(runs.told.length).toBeLessThanOrEqual(3);
});

test('a worker does not take a waiting job while its new reason is being committed', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const server = await postgres.hostedServers.create(newServer());
  await postgres.queue.advance(server.serverId);
  // The commit waits for a lock that the test holds.
  await tests.query(
    databaseUrl,
    `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END';
     CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON rollouts DEFERRABLE INITIALLY DEFERRED
     FOR EACH ROW EXECUTE FUNCTION wait()`,
  );
  const gate = new pg.Client({ connectionString: databaseUrl });
  await gate.connect();
  await gate.query('SELECT pg_advisory_lock(7)');
  const starting = postgres.rollouts.start(newRollout(server), 'one', {});
  await eventually(async () => {
    const waiting = await tests.query(databaseUrl, 'SELECT 1 FROM pg_locks WHERE objid = 7 AND NOT granted');
    return waiting.length === 1;
  });
  const seen = channel<{ serverId: string; rollouts: number }>();

  const workers = await start(postgres, {
    onAdvance: async (serverId) => {
      seen.tell({ serverId, rollouts: (await postgres.rollouts.unfinished(serverId)).length });
    },
  });
  await postgres.queue.advance('other-aaaaaa');
  await seen.until(({ length }) => length === 1);
  await gate.query('SELECT pg_advisory_unlock(7)');
  await starting;

  await seen.until(({ length }) => length === 2);
  await workers.stop();
  await gate.end();
  expect(seen.told).toEqual([
    { serverId: 'other-aaaaaa', rollouts: 0 },
    { serverId: server.serverId, rollouts: 1 },
  ]);
});

test('a busy server leaves workers free for others', async () => {
  const { postgres } = await tests.open();
  const runs = channel<string>();
  const release = Promise.withResolvers<void>();
  const workers = await start(postgres, {
    concurrency: 2,
    onAdvance: async (serverId) => {
      runs.tell(serverId);
      if (serverId === 'busy-aaaaaa') await release.promise;
    },
  });
  await postgres.queue.advance('busy-aaaaaa');
  await runs.until(({ length }) => length === 1);

  for (let wakeUp = 0; wakeUp < 5; wakeUp += 1) {
    await postgres.queue.advance('busy-aaaaaa');
    await postgres.queue.advance(`free-aaaaa${wakeUp}`);
  }

  await runs.until((ids) => ids.filter((id) => id.startsWith('free')).length === 5);
  release.resolve();
  await workers.stop();
});

test('an immediate wake-up brings a delayed one forward, a later one leaves it', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const due = async () => {
    const [row] = await tests.query(
      databaseUrl,
      `SELECT COUNT(*)::int AS jobs, EXTRACT(EPOCH FROM MIN(start_after) - NOW())::float8 AS seconds
       FROM pgboss.job WHERE name = 'advance' AND state < 'active'`,
    );
    return { jobs: row?.jobs, minutes: Math.abs(Math.round(Number(row?.seconds) / 60)) };
  };

  await postgres.queue.advance('hello-k3v9x2', 30 * 60_000);
  await postgres.queue.advance('hello-k3v9x2', 60 * 60_000);
  const stays = await due();
  await postgres.queue.advance('hello-k3v9x2', 10 * 60_000);
  const sooner = await due();
  await postgres.queue.advance('hello-k3v9x2');
  const now = await due();

  expect([stays, sooner, now]).toEqual([
    { jobs: 1, minutes: 30 },
    { jobs: 1, minutes: 10 },
    { jobs: 1, minutes: 0 },
  ]);
});

test('an advance that is told to come back comes back, and an error is retried', async () => {
  const { postgres } = await tests.open();
  const runs = channel<number>();
  const workers = await start(postgres, {
    onAdvance: async () => {
      runs.tell(runs.told.length);
      if (runs.told.length === 1) throw new RetryLaterError('GitHub is down', 1);
      if (runs.told.length === 2) throw new Error('a bug');
    },
  });

  await postgres.queue.advance('hello-k3v9x2');

  await runs.until(({ length }) => length === 3);
  await workers.stop();
});

test('servers with unsettled rollouts are advanced at the start', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const server = await postgres.hostedServers.create(newServer());
  await postgres.rollouts.start(newRollout(server), 'one', {});
  await tests.query(databaseUrl, "UPDATE pgboss.job SET state = 'active', started_on = NOW(), heartbeat_on = NOW()");
  const runs = channel<string>();

  const workers = await start(postgres, { onAdvance: async (serverId) => runs.tell(serverId) });

  await runs.until(({ length }) => length === 1);
  await workers.stop();
});

test('the reconcile timer runs once for all replicas', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const replica = await tests.openOn(databaseUrl);
  const runs = channel<string>();
  const onReconcile = (name: string) => async () => runs.tell(name);

  const workers = await Promise.all([
    start(postgres, { onReconcile: onReconcile('first') }),
    start(replica, { onReconcile: onReconcile('second') }),
  ]);

  await runs.until(({ length }) => length > 0);
  await Promise.all(workers.map((running) => running.stop()));
  expect(runs.told).toHaveLength(1);
});

test('stopping waits for what runs, and takes no more', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const begun = channel<string>();
  const release = Promise.withResolvers<void>();
  const workers = await start(postgres, {
    onDelivery: (id) => {
      begun.tell(id);
      return release.promise;
    },
  });
  await postgres.deliveryLog.receive(delivery);
  await begun.until(({ length }) => length === 1);

  const stopped = workers.stop();
  release.resolve();
  await stopped;

  expect(await deliveryState(databaseUrl)).toMatchObject({ state: 'done' });
});

test('what a killed process had in hand is done by the next one, at once', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const server = await postgres.hostedServers.create(newServer());
  const worker = await startHangingWorker(databaseUrl);
  await postgres.deliveryLog.receive(delivery);
  await postgres.rollouts.start(newRollout(server), 'one', {});
  await worker.hasBegun(2);
  worker.process.kill('SIGKILL');
  await once(worker.process, 'exit');
  const done = channel<string>();

  const workers = await start(postgres, {
    onDelivery: async (id) => done.tell(id),
    onAdvance: (serverId) => postgres.serverLock.withLock(serverId, async () => done.tell(serverId)),
  });

  await done.until(({ length }) => length >= 2);
  await workers.stop();
  expect(new Set(done.told)).toEqual(new Set(['d-1', server.serverId]));
});

async function startHangingWorker(databaseUrl: string) {
  const program = fileURLToPath(new URL('hanging-worker.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program], {
    env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = channel<string>();
  if (child.stdout) createInterface({ input: child.stdout }).on('line', lines.tell);
  await lines.until((told) => told.includes('ready'));
  return { process: child, hasBegun: (count: number) => lines.until((told) => told.length > count) };
}
