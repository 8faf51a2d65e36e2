import { expect, test } from '@jest/globals';
import type { HostedServer } from '../../../src/domain/hosted-server.ts';
import { compareRollouts } from '../../../src/domain/supersede-rollouts.ts';
import { newRollout, newServer } from './fixtures.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

async function openWithServer() {
  const { postgres, databaseUrl } = await tests.open();
  const server = await postgres.hostedServers.create(newServer());
  return { postgres, databaseUrl, server };
}

const at = (minute: number) => `2026-11-22T10:${String(minute).padStart(2, '0')}:00.000Z`;

const settled = (server: HostedServer, minute: number) =>
  newRollout(server, { stage: 'succeeded', reportedStage: 'succeeded', triggeredAt: at(minute) });

test('a rollout starts once for its trigger key, with its row and its job', async () => {
  const { postgres, databaseUrl, server } = await openWithServer();
  const attempts = [newRollout(server), newRollout(server)];

  const started = await Promise.all(
    attempts.map((rollout) => postgres.rollouts.start(rollout, 'comment:1', { status: 'building' })),
  );

  expect(started.filter(Boolean)).toHaveLength(1);
  expect(await postgres.rollouts.unfinished(server.serverId)).toEqual([attempts[started.indexOf(true)]]);
  expect(await postgres.hostedServers.findByServerId(server.serverId)).toMatchObject({ status: 'building' });
  expect(await tests.query(databaseUrl, "SELECT data FROM pgboss.job WHERE name = 'advance'")).toEqual([
    { data: { serverId: server.serverId } },
  ]);
});

test('nothing of a rollout is there when its job cannot be enqueued', async () => {
  const { postgres, databaseUrl, server } = await openWithServer();
  await tests.query(
    databaseUrl,
    'ALTER TABLE pgboss.job ADD CONSTRAINT refused CHECK (singleton_key IS NULL) NOT VALID',
  );
  const rollout = newRollout(server);

  await expect(postgres.rollouts.start(rollout, 'comment:1', { status: 'building' })).rejects.toThrow();

  expect(await postgres.rollouts.read(rollout.id)).toBeUndefined();
  expect(await postgres.hostedServers.findByServerId(server.serverId)).toMatchObject({ status: 'pending' });
});

test('a job goes with its rollout when the transaction fails after it', async () => {
  const { postgres, databaseUrl, server } = await openWithServer();
  // Deferred: it fails at the commit, after the job was sent.
  await tests.query(
    databaseUrl,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END';
     CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON rollouts DEFERRABLE INITIALLY DEFERRED
     FOR EACH ROW EXECUTE FUNCTION refuse()`,
  );

  await expect(postgres.rollouts.start(newRollout(server), 'comment:1', {})).rejects.toThrow('refused');

  expect(await tests.query(databaseUrl, "SELECT 1 FROM pgboss.job WHERE name = 'advance'")).toEqual([]);
});

test('a rollout of a server that is not stored is no repeat', async () => {
  const { postgres, server } = await openWithServer();
  const stranger = newRollout(server, { hostedServerId: '5b7ad1e4-6ad1-4d4f-9d1c-1f0f9e9c8c11' });

  await expect(postgres.rollouts.start(stranger, 'comment:1', {})).rejects.toThrow('it does not live');
  await expect(postgres.rollouts.save(stranger, {})).rejects.toThrow('it is not stored');
});

test('a server that is deleted gets no rollout, and lives on when one was started before', async () => {
  const { postgres, server } = await openWithServer();
  const remove = newRollout(server, { kind: 'delete', triggeredAt: at(1) });
  const removed = { ...remove, stage: 'succeeded' as const };
  const host = newRollout(server, { triggeredAt: at(2) });
  await postgres.rollouts.start(remove, 'one', {});
  await postgres.rollouts.start(host, 'two', { status: 'building' });

  await postgres.rollouts.save(removed, { status: 'deleted' });
  expect(await postgres.hostedServers.findBySource(server.source.repositoryId, null)).toMatchObject({
    status: 'building',
  });

  const last = newRollout(server, { kind: 'delete', triggeredAt: at(3) });
  await postgres.rollouts.start(last, 'three', {});
  await postgres.rollouts.save({ ...last, stage: 'succeeded' }, { status: 'deleted' });
  expect(await postgres.hostedServers.findBySource(server.source.repositoryId, null)).toBeUndefined();
  await expect(postgres.rollouts.start(newRollout(server), 'four', {})).rejects.toThrow('it does not live');
  expect(await postgres.rollouts.start(newRollout(server), 'three', {})).toBe(false);
});

test('a start and the end of a deletion at once leave a living server with its rollout, or neither', async () => {
  const { postgres, server } = await openWithServer();
  const remove = newRollout(server, { kind: 'delete', triggeredAt: at(1) });
  await postgres.rollouts.start(remove, 'one', {});
  const host = newRollout(server, { triggeredAt: at(2) });

  const [started] = await Promise.allSettled([
    postgres.rollouts.start(host, 'two', { status: 'building' }),
    postgres.rollouts.save({ ...remove, stage: 'succeeded' }, { status: 'deleted' }),
  ]);

  const living = await postgres.hostedServers.findBySource(server.source.repositoryId, null);
  expect(living !== undefined).toBe(started.status === 'fulfilled');
});

test('of two rollouts of one moment every replica takes the same for the newest', async () => {
  const { postgres, server } = await openWithServer();
  const twins = [newRollout(server, { triggeredAt: at(1) }), newRollout(server, { triggeredAt: at(1) })];
  for (const rollout of twins) await postgres.rollouts.start(rollout, rollout.id, {});
  const sorted = twins.toSorted(compareRollouts).map(({ id }) => id);

  expect((await postgres.rollouts.newest(server.serverId))?.id).toBe(sorted.at(-1));
  expect((await postgres.rollouts.unfinished(server.serverId)).map(({ id }) => id)).toEqual(sorted);
});

test('a saved rollout comes back as it was', async () => {
  const { postgres, server } = await openWithServer();
  const rollout = newRollout(server);
  await postgres.rollouts.start(rollout, 'one', {});
  const later = {
    ...rollout,
    stage: 'building' as const,
    build: { runId: 9_007_199_254_740_991, url: 'https://example.com/1' },
    lastProblem: 'nul \\u0000 \u{1F600}',
  };

  await postgres.rollouts.save(later, { status: 'building', statusMessage: null });

  expect(await postgres.rollouts.read(rollout.id)).toEqual(later);
  expect(await postgres.rollouts.findByBuildRun(server.source.repositoryId, 9_007_199_254_740_991)).toEqual(later);
  expect(await postgres.rollouts.findByBuildRun(7, 9_007_199_254_740_991)).toBeUndefined();
});

test('unfinished ones come in the order of their triggers until they are settled', async () => {
  const { postgres, server } = await openWithServer();
  const rollouts = [3, 1, 2].map((minute) => newRollout(server, { triggeredAt: at(minute) }));
  for (const rollout of rollouts) await postgres.rollouts.start(rollout, rollout.id, {});
  const [third, first, second] = rollouts.map(({ id }) => id);
  await postgres.rollouts.save({ ...(rollouts[1] as (typeof rollouts)[0]), stage: 'failed' }, {});

  const unreported = await postgres.rollouts.unfinished(server.serverId);
  await postgres.rollouts.save(
    { ...(rollouts[1] as (typeof rollouts)[0]), stage: 'failed', reportedStage: 'failed' },
    {},
  );
  const left = await postgres.rollouts.unfinished(server.serverId);

  expect(unreported.map(({ id }) => id)).toEqual([first, second, third]);
  expect(left.map(({ id }) => id)).toEqual([second, third]);
  expect(await postgres.rollouts.busyServers()).toEqual([server.serverId]);
});

test('the newest, the newest successful and the newest reported are found', async () => {
  const { postgres, server } = await openWithServer();
  const deploy = settled(server, 1);
  const stop = { ...settled(server, 2), kind: 'stop' as const };
  const failed = newRollout(server, { stage: 'failed', triggeredAt: at(3), issue: 5, reports: { commentId: 'IC_1' } });
  const unreported = newRollout(server, { stage: 'cancelled', triggeredAt: at(4), issue: 5 });
  for (const rollout of [unreported, deploy, failed, stop]) await postgres.rollouts.start(rollout, rollout.id, {});

  expect(await postgres.rollouts.newest(server.serverId)).toEqual(unreported);
  expect(await postgres.rollouts.newestSucceeded(server.serverId, ['deploy', 'start'])).toEqual(deploy);
  expect(await postgres.rollouts.newestSucceeded(server.serverId, ['delete'])).toBeUndefined();
  expect(await postgres.rollouts.newestReportedIn(server.serverId, 5)).toEqual(failed);
  expect(await postgres.rollouts.newestReportedIn(server.serverId, 6)).toBeUndefined();
});

test.each(['', 'not-a-uuid', "'; DROP TABLE rollouts; --", '\0', 'x'.repeat(100_000)])(
  'an id that is none is not found (%#)',
  async (id) => {
    const { postgres } = await tests.open();

    expect(await postgres.rollouts.read(id)).toBeUndefined();
    expect(await postgres.rollouts.newest(id)).toBeUndefined();
    expect(await postgres.hostedServers.findByServerId(id)).toBeUndefined();
    expect(await postgres.conversations.find(id)).toBeUndefined();
  },
);
