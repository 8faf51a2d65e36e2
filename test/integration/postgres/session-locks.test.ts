import { expect, test } from '@jest/globals';
import { SessionLocks } from '../../../src/adapters/postgres/session-locks.ts';
import { RetryLaterError } from '../../../src/ports/retry-later.ts';
import { silentLog } from './silent-log.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

/** Two replicas with as few lock connections as there can be. */
async function twoReplicas(connectionsMax = 2) {
  const databaseUrl = await tests.newDatabase();
  const open = () => new SessionLocks({ databaseUrl, connectionsMax, log: silentLog });
  const [first, second] = [open(), open()];
  return { databaseUrl, first, second, close: () => Promise.all([first.close(), second.close()]) };
}

test('work under one key runs one at a time over all replicas', async () => {
  const { first, second, close } = await twoReplicas();
  let running = 0;
  let runningMax = 0;
  const work = async () => {
    running += 1;
    runningMax = Math.max(runningMax, running);
    await new Promise((done) => setImmediate(done));
    running -= 1;
  };

  await Promise.all(Array.from({ length: 20 }, (_, turn) => (turn % 2 ? first : second).withLock('server', work)));

  expect(runningMax).toBe(1);
  await close();
});

test('work under different keys runs side by side', async () => {
  const { first, close } = await twoReplicas();
  const meeting = Promise.withResolvers<void>();

  await Promise.all([
    first.withLock('one', () => meeting.promise),
    first.withLock('two', async () => meeting.resolve()),
  ]);

  await close();
});

test('a lock within a lock needs no further connection', async () => {
  const { first, close } = await twoReplicas(1);

  const result = await first.withLock('outer', () =>
    first.withLock('inner', () => first.withLock('outer', async () => 'done')),
  );

  expect(result).toBe('done');
  await close();
});

test('an inner lock is exclusive, and free again before the outer one', async () => {
  const { first, second, close } = await twoReplicas();

  await first.withLock('outer', async () => {
    await first.withLock('inner', async () => {
      expect(await second.tryWithLock('inner', async () => {})).toBe(false);
    });
    expect(await second.tryWithLock('inner', async () => {})).toBe(true);
    expect(await second.tryWithLock('outer', async () => {})).toBe(false);
  });
  expect(await second.tryWithLock('outer', async () => {})).toBe(true);

  await close();
});

test('the error of the work comes through, and the lock is free', async () => {
  const { first, second, close } = await twoReplicas();
  const failure = new Error('broken');

  await expect(first.withLock('server', () => Promise.reject(failure))).rejects.toBe(failure);

  expect(await second.tryWithLock('server', async () => {})).toBe(true);
  await close();
});

test('a lost connection frees its lock, and work goes on to its end', async () => {
  const { databaseUrl, first, second, close } = await twoReplicas();

  const result = await first.withLock('server', async () => {
    await tests.query(
      databaseUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()`,
    );
    await second.withLock('server', async () => {});
    return 'finished';
  });

  expect(result).toBe('finished');
  expect(await first.tryWithLock('server', async () => {})).toBe(true);
  await close();
});

test('without a database, callers are told to come back', async () => {
  const locks = new SessionLocks({ databaseUrl: 'postgres://x:y@127.0.0.1:1/z', connectionsMax: 1, log: silentLog });

  await expect(locks.withLock('server', async () => 'never')).rejects.toBeInstanceOf(RetryLaterError);

  await locks.close();
});

test('callers above the bound are turned away at once', async () => {
  const { first, close } = await twoReplicas();
  const release = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<void>();
  const holder = first.withLock('server', () => {
    holding.resolve();
    return release.promise;
  });
  await holding.promise;

  const waiting = Array.from({ length: 200 }, () => first.withLock('server', async () => {}));
  await expect(first.withLock('server', async () => {})).rejects.toBeInstanceOf(RetryLaterError);

  release.resolve();
  await Promise.all([holder, ...waiting]);
  await close();
});
