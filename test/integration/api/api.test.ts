import { expect, test } from '@jest/globals';
import { UserError } from '../../../src/domain/user-error.ts';
import { RetryLaterError } from '../../../src/ports/retry-later.ts';
import { ROLLOUT, SERVER } from './api-fixtures.ts';
import { openApi } from './open-api.ts';

const CONVERSATION = '5B7AD1E4-6ad1-4d4f-9d1c-1f0f9e9c8c11';

test('a deployment is accepted with where to ask how it goes', async () => {
  const { call, asked } = await openApi();

  const { status, body } = await call('POST', `/deploy/${CONVERSATION}`, {
    payload: { repository: 'acme/hello', issue: 3 },
  });

  expect(status).toBe(202);
  expect(body).toEqual({
    serverId: 'hello-k3v9x2',
    rolloutId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    statusUrl: '/api/hosting/servers/hello-k3v9x2/status',
  });
  expect(asked).toEqual([
    {
      method: 'deploy',
      arguments: [
        {
          requestId: body.rolloutId,
          requestedBy: 'cli',
          conversationId: CONVERSATION.toLowerCase(),
          repository: { owner: 'acme', name: 'hello' },
          issue: 3,
        },
      ],
    },
  ]);
});

test('a repeat with the same Idempotency-Key is the same request, another one is not', async () => {
  const { call } = await openApi({ stop: async ({ serverId, requestId }) => ({ serverId, rolloutId: requestId }) });
  const rolloutOf = async (path: string, key?: string) =>
    (await call('POST', path, key === undefined ? {} : { headers: { 'idempotency-key': key } })).body.rolloutId;
  const stop = '/servers/hello-k3v9x2/stop';

  const first = await rolloutOf(stop, 'key-1');
  const others = [
    await rolloutOf(stop, 'key-2'),
    await rolloutOf('/servers/other-k3v9x2/stop', 'key-1'),
    await rolloutOf(stop),
    await rolloutOf(stop),
  ];

  expect(await rolloutOf(stop, 'key-1')).toBe(first);
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set([first, ...others]).size).toBe(5);
});

test.each([
  ['POST', '/servers/hello-k3v9x2/stop', 'stop'],
  ['POST', '/servers/hello-k3v9x2/start', 'start'],
  ['DELETE', '/servers/hello-k3v9x2', 'remove'],
] as const)('%s %s begins a rollout', async (method, path, name) => {
  const { call, asked } = await openApi({
    [name]: async () => ({ serverId: 'hello-k3v9x2', rolloutId: '0f8fad5b-d9cb-469f-a165-70867728950e' }),
  });

  // As many clients do: a content type, and no body.
  const { status, body } = await call(method, path, { headers: { 'content-type': 'application/json' } });

  expect(status).toBe(202);
  expect(body).toEqual({
    serverId: 'hello-k3v9x2',
    rolloutId: '0f8fad5b-d9cb-469f-a165-70867728950e',
    statusUrl: '/api/hosting/servers/hello-k3v9x2/status',
  });
  expect(asked.map(({ method: called }) => called)).toEqual([name]);
});

test('details are those of the row, and nothing that is ours alone', async () => {
  const { call } = await openApi({ get: async () => SERVER });

  const { status, body, text, headers } = await call('GET', '/servers/hello-k3v9x2');

  expect(status).toBe(200);
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toMatchObject({
    serverId: 'hello-k3v9x2',
    status: 'running',
    statusMessage: null,
    createdAt: '2026-11-22T10:00:00.000Z',
    lastRequestAt: null,
    tools: [{ name: 'greet', description: 'Greets' }],
    envVars: ['API_KEY'],
    source: { repository: 'acme/hello', defaultBranch: 'main', homeIssue: 3 },
    deployed: {
      version: '4f2c1aa',
      digest: `sha256:${'a'.repeat(64)}`,
      commitSha: '4f2c1aa0',
      replicas: 1,
      access: 'private',
    },
  });
  expect(text).not.toContain('installation');
});

test('a server that was never deployed has nulls', async () => {
  const { deployed: _deployed, homeIssue: _homeIssue, ...source } = SERVER.source;
  const { call } = await openApi({ get: async () => ({ ...SERVER, tools: null, envVars: null, source }) });

  const { body } = await call('GET', '/servers/hello-k3v9x2');

  expect(body).toMatchObject({ tools: null, envVars: null, deployed: null });
});

test('the status tells of the newest rollout and the pods', async () => {
  const pod = {
    name: 'mcp-hello-1',
    ready: false,
    image: 'image',
    phase: 'Pending',
    reason: 'ImagePullBackOff',
    message: null,
    restarts: 2,
    lastExitCode: null,
  };
  const internal = { lastReason: null, template: null, ending: false };
  const pods = [{ ...pod, ...internal }];
  const { call } = await openApi({ status: async () => ({ server: SERVER, rollout: ROLLOUT, pods }) });

  const { body, text } = await call('GET', '/servers/hello-k3v9x2/status');

  expect(body).toEqual({
    serverId: 'hello-k3v9x2',
    status: 'running',
    statusMessage: null,
    endpointUrl: SERVER.endpointUrl,
    rollout: {
      id: ROLLOUT.id,
      serverId: 'hello-k3v9x2',
      kind: 'deploy',
      stage: 'proposed',
      stages: ROLLOUT.stages,
      triggeredAt: ROLLOUT.triggeredAt,
      requestedBy: 'kim',
      mergePolicy: 'review',
      source: { commitSha: ROLLOUT.source.commitSha },
      build: ROLLOUT.build,
      digest: ROLLOUT.digest,
      proposal: {
        repository: { owner: 'acme', name: 'mcp-server-deployments' },
        number: 41,
        url: 'https://example.com/41',
      },
      checkRunUrl: 'https://example.com/check',
    },
    pods: [pod],
  });
  expect(text).not.toContain('secret');
});

test('the status of a server without rollout and without cluster', async () => {
  const { call } = await openApi({ status: async () => ({ server: SERVER, rollout: undefined }) });

  const { body } = await call('GET', '/servers/hello-k3v9x2/status');

  expect(body).toMatchObject({ rollout: null });
  expect(body).not.toHaveProperty('pods');
});

test('logs are as many lines as asked for', async () => {
  const { call, asked } = await openApi({ logs: async () => ['one', 'two \u001b[31m'] });

  const byDefault = await call('GET', '/servers/hello-k3v9x2/logs');
  await call('GET', '/servers/hello-k3v9x2/logs?lines=1000&previous=true');

  expect(byDefault.body).toEqual({ serverId: 'hello-k3v9x2', lines: ['one', 'two \u001b[31m'] });
  expect(asked.map(({ arguments: [, options] }) => options)).toEqual([
    { lines: 100, previous: false },
    { lines: 1_000, previous: true },
  ]);
});

test('lists go on to the next page until there is none', async () => {
  const all = ['c', 'b', 'a'].map((name) => ({ ...SERVER, serverId: `${name}-k3v9x2` }));
  const { call } = await openApi({ list: async ({ limit, offset }) => all.slice(offset, offset + limit) });

  const first = await call('GET', '/servers?limit=2&status=running&includeDeleted=true');
  const second = await call('GET', first.body.next.replace('/api/hosting', ''));

  const ids = (page: { body: { servers: { serverId: string }[] } }) =>
    page.body.servers.map(({ serverId }) => serverId);
  expect(ids(first)).toEqual(['c-k3v9x2', 'b-k3v9x2']);
  expect(first.body.next).toBe('/api/hosting/servers?limit=2&offset=2&status=running&includeDeleted=true');
  expect(ids(second)).toEqual(['a-k3v9x2']);
  expect(second.body).not.toHaveProperty('next');
});

test.each([
  ['GET', '/servers/gone-k3v9x2'],
  ['GET', '/servers/gone-k3v9x2/status'],
  ['GET', '/servers/gone-k3v9x2/logs'],
  ['GET', '/servers/gone-k3v9x2/secrets'],
  ['PUT', '/servers/gone-k3v9x2/secrets'],
  ['DELETE', '/servers/gone-k3v9x2/secrets/A'],
  ['GET', '/servers/gone-k3v9x2/keys'],
  ['POST', '/servers/gone-k3v9x2/keys'],
  ['DELETE', '/servers/gone-k3v9x2/keys/x'],
  ['POST', '/servers/gone-k3v9x2/stop'],
  ['POST', '/servers/gone-k3v9x2/start'],
  ['DELETE', '/servers/gone-k3v9x2'],
] as const)('%s %s names the server that is not there', async (method, path) => {
  const { call } = await openApi();

  const { status, headers, body } = await call(method, path, method === 'GET' ? {} : { payload: { name: 'x' } });

  expect(status).toBe(404);
  expect(headers['content-type']).toContain('application/problem+json');
  expect(body).toEqual({
    type: 'docs/errors.md#server-not-found',
    title: 'Server not found',
    status: 404,
    code: 'server-not-found',
    detail: expect.stringContaining('"gone-k3v9x2"'),
    hint: expect.any(String),
  });
});

test('a problem of people is told with its code, message and cure', async () => {
  const error = new UserError('not-deployed', 'Cannot stop it: it never ran, expected it deployed', 'Deploy it first.');
  const { call } = await openApi({ stop: () => Promise.reject(error) });

  const { status, body } = await call('POST', '/servers/hello-k3v9x2/stop');

  expect(status).toBe(409);
  expect(body).toMatchObject({ code: 'not-deployed', detail: error.message, hint: error.hint });
});

test('an outage is a 503 that says when to come back', async () => {
  const { call } = await openApi({
    get: () => Promise.reject(new RetryLaterError('Postgres at 10.0.0.7 is down', 4_200)),
  });

  const { status, headers, text, body } = await call('GET', '/servers/hello-k3v9x2');

  expect(status).toBe(503);
  expect(headers['retry-after']).toBe('5');
  expect(body.code).toBe('temporarily-unavailable');
  expect(text).not.toContain('10.0.0.7');
});

test('a bug is a neutral 500', async () => {
  const { call } = await openApi({ get: () => Promise.reject(new TypeError('secret at file.ts:1')) });

  const { status, text, body } = await call('GET', '/servers/hello-k3v9x2');

  expect(status).toBe(500);
  expect(body.code).toBe('internal-error');
  expect(text).not.toMatch(/secret|file\.ts|stack/);
});

test('health is told without a token, readiness by the database', async () => {
  const { fastify } = await openApi();
  const { fastify: unready } = await openApi({}, false);

  expect((await fastify.inject('/health')).json()).toEqual({ status: 'ok' });
  expect((await fastify.inject('/ready')).json()).toEqual({ status: 'ready' });
  const refused = await unready.inject('/ready');
  expect([refused.statusCode, refused.json().code]).toEqual([503, 'not-ready']);
  expect((await unready.inject('/health')).statusCode).toBe(200);
});
