import { expect, test } from '@jest/globals';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { newRollout, newServer } from './fixtures.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

test('a new server comes back with the defaults of the table', async () => {
  const { postgres } = await tests.open();

  const created = await postgres.hostedServers.create(newServer());

  expect(created).toMatchObject({
    serverId: 'hello-k3v9x2',
    imageTag: 'latest',
    k8sDeploymentName: 'mcp-hello-k3v9x2',
    status: 'pending',
    requestCount: 0,
    tools: null,
    source: newServer().source,
  });
  expect(await postgres.hostedServers.findByServerId('hello-k3v9x2')).toEqual(created);
});

test('times are UTC whatever the time zone of the database', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.hostedServers.create(newServer());
  await tests.query(
    databaseUrl,
    "UPDATE hosted_servers SET created_at = '2026-03-29 02:30:00.123', last_request_at = '2026-11-22 12:00:00'",
  );
  await tests.query(databaseUrl, "ALTER ROLE mcp_hosting SET TimeZone = 'Asia/Kathmandu'");
  const other = await tests.openOn(databaseUrl);

  const server = await other.hostedServers.findByServerId('hello-k3v9x2');

  expect(server?.createdAt).toEqual(new Date('2026-03-29T02:30:00.123Z'));
  expect(server?.lastRequestAt).toEqual(new Date('2026-11-22T12:00:00Z'));
  await tests.query(databaseUrl, 'ALTER ROLE mcp_hosting RESET TimeZone');
});

test('a taken server id is refused by its code', async () => {
  const { postgres } = await tests.open();
  await postgres.hostedServers.create(newServer());
  const sameId = newServer({ source: { ...newServer().source, repositoryId: 7 } });

  await expect(postgres.hostedServers.create(sameId)).rejects.toMatchObject({ code: 'server-id-taken' });
});

test('two creations for one source end in one living server', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const ids = ['hello-aaaaaa', 'hello-bbbbbb', 'hello-cccccc'];

  const created = await Promise.all(ids.map((serverId) => postgres.hostedServers.create(newServer({ serverId }))));

  expect(new Set(created.map(({ serverId }) => serverId)).size).toBe(1);
  expect(await tests.query(databaseUrl, 'SELECT COUNT(*)::int AS rows FROM hosted_servers')).toEqual([{ rows: 1 }]);
});

test('production and previews of a repository are told apart', async () => {
  const { postgres } = await tests.open();
  const { source } = newServer();
  await postgres.hostedServers.create(newServer());
  await postgres.hostedServers.create(newServer({ serverId: 'hello-pr7aaa', source: { ...source, pullRequest: 7 } }));
  await postgres.hostedServers.create(newServer({ serverId: 'other-k3v9x2', source: { ...source, repositoryId: 2 } }));

  const found = await Promise.all(
    [null, 7, 8].map((number) => postgres.hostedServers.findBySource(source.repositoryId, number)),
  );
  const all = await postgres.hostedServers.listBySource(source.repositoryId);

  expect(found.map((server) => server?.serverId)).toEqual(['hello-k3v9x2', 'hello-pr7aaa', undefined]);
  expect(all.map(({ serverId }) => serverId).sort()).toEqual(['hello-k3v9x2', 'hello-pr7aaa']);
});

test('a deleted server makes room for a new one, and stays deleted', async () => {
  const { postgres } = await tests.open();
  const first = await postgres.hostedServers.create(newServer());
  const rollout = newRollout(first, { kind: 'delete' });
  await postgres.rollouts.start(rollout, 'delete', {});
  await postgres.rollouts.save(rollout, { status: 'deleted' });
  await postgres.rollouts.save(rollout, { status: 'failed', statusMessage: 'late' });

  const second = await postgres.hostedServers.create(newServer({ serverId: 'hello-second' }));

  const deleted = await postgres.hostedServers.findByServerId('hello-k3v9x2');
  expect(second.serverId).toBe('hello-second');
  expect(deleted).toMatchObject({ status: 'deleted', deletedAt: expect.any(Date) });
  expect(await postgres.hostedServers.findBySource(first.source.repositoryId, null)).toEqual(second);
});

test('lists are newest first, by status, without deleted ones unless asked for', async () => {
  const { postgres, databaseUrl } = await tests.open();
  for (const [index, status] of ['running', 'stopped', 'deleted'].entries()) {
    const source = { ...newServer().source, repositoryId: index + 1 };
    await postgres.hostedServers.create(newServer({ serverId: `${status}-aaaaaa`, source }));
    await tests.query(
      databaseUrl,
      'UPDATE hosted_servers SET status = $1, created_at = created_at + MAKE_INTERVAL(secs => $2) WHERE server_id = $3',
      [status, index, `${status}-aaaaaa`],
    );
  }
  const ids = async (filter: {
    status?: 'running' | 'deleted';
    includeDeleted?: boolean;
    limit?: number;
    offset?: number;
  }) => (await postgres.hostedServers.list({ limit: 10, offset: 0, ...filter })).map(({ serverId }) => serverId);

  expect(await ids({})).toEqual(['stopped-aaaaaa', 'running-aaaaaa']);
  expect(await ids({ includeDeleted: true, limit: 2 })).toEqual(['deleted-aaaaaa', 'stopped-aaaaaa']);
  expect(await ids({ includeDeleted: true, limit: 2, offset: 2 })).toEqual(['running-aaaaaa']);
  expect(await ids({ status: 'deleted' })).toEqual(['deleted-aaaaaa']);
});

test('stopped_at follows the status', async () => {
  const { postgres } = await tests.open();
  const server = await postgres.hostedServers.create(newServer());
  const rollout = newRollout(server, { kind: 'stop' });
  const at = async () => (await postgres.hostedServers.findByServerId(server.serverId))?.stoppedAt;

  await postgres.rollouts.start(rollout, 'stop', { status: 'stopped' });
  const stopped = await at();
  await postgres.rollouts.save(rollout, { status: 'stopped', statusMessage: 'again' });
  const stillStopped = await at();
  await postgres.rollouts.save(rollout, { status: 'running' });

  expect(stopped).toBeInstanceOf(Date);
  expect(stillStopped).toEqual(stopped);
  expect(await at()).toBeNull();
});

test('a change keeps what it does not name', async () => {
  const { postgres } = await tests.open();
  const server = await postgres.hostedServers.create(newServer({ description: 'Says hello' }));
  const deployed = { serverId: server.serverId, version: '4f2c1aa', replicas: 1 } as OverlayInput;

  await postgres.rollouts.start(newRollout(server), 'one', {
    dockerImage: 'ghcr.io/globex/mcp-servers/hello',
    imageTag: '4f2c1aa',
    tools: [{ name: 'greet', description: 'Greets' }],
    envVars: ['API_KEY'],
    source: { deployed, homeIssue: 3, repository: { owner: 'acme', name: 'renamed' } },
  });

  expect(await postgres.hostedServers.findByServerId(server.serverId)).toMatchObject({
    description: 'Says hello',
    status: 'pending',
    dockerImage: 'ghcr.io/globex/mcp-servers/hello',
    imageTag: '4f2c1aa',
    tools: [{ name: 'greet', description: 'Greets' }],
    envVars: ['API_KEY'],
    source: { ...server.source, repository: { owner: 'acme', name: 'renamed' }, deployed, homeIssue: 3 },
  });
});

test('what strangers wrote is bounded', async () => {
  const { postgres } = await tests.open();
  const server = await postgres.hostedServers.create(newServer());
  const tools = Array.from({ length: 2_000 }, (_, index) => ({
    name: `\0${index}${'n'.repeat(10_000)}`,
    description: 'd'.repeat(10_000),
  }));

  await postgres.rollouts.start(newRollout(server), 'one', { tools, statusMessage: `\0${'x'.repeat(1e6)}` });

  const stored = await postgres.hostedServers.findByServerId(server.serverId);
  expect(stored?.tools).toHaveLength(500);
  expect(stored?.tools?.[0]?.name).toHaveLength(200);
  expect(stored?.statusMessage).toHaveLength(2_000);
});

test.each([
  ['server name', { serverName: 'n'.repeat(101) }],
  ['server id', { serverId: 's'.repeat(51) }],
  ['image name', { dockerImage: 'i'.repeat(256) }],
])('a %s that the column has no room for is refused with its length', async (what, overrides) => {
  const { postgres } = await tests.open();

  await expect(postgres.hostedServers.create(newServer(overrides))).rejects.toMatchObject({
    code: 'text-too-long',
    message: expect.stringContaining(`Cannot store the ${what}`),
  });
});

test('custom domains are claimed by what is deployed and by what goes on, not by what ended or by previews', async () => {
  const { postgres } = await tests.open();
  const at = (repositoryId: number, pullRequest?: number) => ({
    ...newServer().source,
    repositoryId,
    ...(pullRequest === undefined ? {} : { pullRequest }),
  });
  const { config } = newRollout(
    await postgres.hostedServers.create(newServer({ serverId: 'none-k3v9x2', source: at(1) })),
  );
  const wish = (domain: string) => ({ ...config, domains: [domain] });
  const deployed = await postgres.hostedServers.create(newServer({ serverId: 'runs-k3v9x2', source: at(2) }));
  const overlay = { config: wish('runs.example.org') } as never;
  const first = newRollout(deployed, {
    config: wish('runs.example.org'),
    stage: 'succeeded',
    reportedStage: 'succeeded',
  });
  await postgres.rollouts.start(first, 'a', { source: { deployed: overlay } });
  const waits = await postgres.hostedServers.create(newServer({ serverId: 'waits-k3v9x2', source: at(3) }));
  await postgres.rollouts.start(newRollout(waits, { config: wish('waits.example.org'), stage: 'proposed' }), 'b', {});
  const failed = await postgres.hostedServers.create(newServer({ serverId: 'fails-k3v9x2', source: at(4) }));
  await postgres.rollouts.start(newRollout(failed, { config: wish('fails.example.org'), stage: 'failed' }), 'c', {});
  const preview = await postgres.hostedServers.create(newServer({ serverId: 'pr-7-k3v9x2', source: at(5, 7) }));
  const source = { ...newRollout(preview).source, pullRequest: 7 };
  await postgres.rollouts.start(
    newRollout(preview, { config: wish('pr.example.org'), stage: 'proposed', source }),
    'd',
    {},
  );

  const claims = await postgres.hostedServers.claimedDomains();

  expect(claims.toSorted((a, b) => (a.domain < b.domain ? -1 : 1))).toEqual([
    { serverId: 'runs-k3v9x2', domain: 'runs.example.org' },
    { serverId: 'waits-k3v9x2', domain: 'waits.example.org' },
  ]);
});

test('a server whose overlay is gone is retired, unless a rollout of it goes on', async () => {
  const { postgres } = await tests.open();
  const server = await postgres.hostedServers.create(newServer());
  const rollout = newRollout(server, { stage: 'proposed' });
  await postgres.rollouts.start(rollout, 'a', {});

  expect(await postgres.hostedServers.retire(server.serverId, 'Gone.')).toBe(false);
  await postgres.rollouts.save({ ...rollout, stage: 'succeeded', reportedStage: 'succeeded' }, { status: 'running' });
  expect(await postgres.hostedServers.retire(server.serverId, 'Gone.')).toBe(true);
  expect(await postgres.hostedServers.retire(server.serverId, 'Gone.')).toBe(false);

  expect(await postgres.hostedServers.findByServerId(server.serverId)).toMatchObject({
    status: 'deleted',
    statusMessage: 'Gone.',
    deletedAt: expect.any(Date),
  });
  expect(await postgres.hostedServers.findBySource(server.source.repositoryId, null)).toBeUndefined();
});
