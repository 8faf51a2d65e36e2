import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { reconcile } from '../../../src/workflows/reconcile.ts';
import { setSecrets } from '../../../src/workflows/server-secrets.ts';
import { eventually } from '../../sandbox-kubernetes/eventually.ts';
import { gatewayRequest } from '../../sandbox-kubernetes/gateway-request.ts';
import { pushServerImage } from '../../sandbox-kubernetes/test-cluster.ts';
import { deploymentOf, routeOf } from '../../sandbox-kubernetes/workload.ts';
import { NAMESPACE, useHosting } from './hosting-under-test.ts';

const openHosting = useHosting({ beforeAll, afterAll });

/** A server that runs in the cluster and tells its variables. */
async function openRunning(serverId: string, env: string[], replicas = 1) {
  const hosting = await openHosting();
  const server = await hosting.addServer(serverId, { env });
  const name = `mcp-${serverId}`;
  const digest = await pushServerImage(hosting.cluster, 'acme/telling', 'one');
  const variables = env.map((variable) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name: `${name}-env`, key: variable } },
  }));
  const container = { env: variables };
  await hosting.cluster.sandbox.apply([
    deploymentOf({ name, image: `acme/telling@${digest}`, replicas, container }),
    ...routeOf(name),
  ]);
  const ask = (variable: string) => gatewayRequest(hosting.cluster, `${name}.localhost`, `/env?name=${variable}`);
  // While pods are replaced there may be none to answer.
  const told = async (variable: string): Promise<string> => {
    let answer = await ask(variable);
    await eventually(async () => {
      if (answer.status !== 200) answer = await ask(variable);
      return answer.status === 200;
    });
    return answer.body;
  };
  return { ...hosting, server, name, told, path: `/servers/${serverId}/secrets` };
}

test('a value that changed reaches the server by new pods, the same again changes nothing', async () => {
  const { call, told, path, proxy, postgres } = await openRunning('change-k3v9x2', ['TOKEN', 'URL']);
  const patches = () =>
    proxy.requests.filter((line) => line.startsWith('PATCH') && line.includes('/deployments/')).length;

  const first = await call('PUT', path, { TOKEN: 'one', URL: 'https://a' });
  await eventually(async () => (await told('TOKEN')) === 'one');
  const before = patches();
  const same = await call('PUT', path, { TOKEN: 'one' });
  const afterSame = patches();
  const changed = await call('PUT', path, { TOKEN: 'two', UNDECLARED: 'x' });
  await eventually(async () => (await told('TOKEN')) === 'two');

  expect(first.body).toEqual({
    serverId: 'change-k3v9x2',
    changed: ['TOKEN', 'URL'],
    unchanged: [],
    undeclared: [],
    restarted: true,
  });
  expect(same.body).toMatchObject({ changed: [], unchanged: ['TOKEN'], restarted: false });
  expect(afterSame).toBe(before);
  expect(changed.body).toMatchObject({ changed: ['TOKEN', 'UNDECLARED'], undeclared: ['UNDECLARED'], restarted: true });
  expect(await told('URL')).toBe('https://a');
  const { envVars } = (await postgres.hostedServers.findByServerId('change-k3v9x2')) ?? {};
  expect(envVars).toEqual(['TOKEN', 'UNDECLARED', 'URL']);
});

test('a name that the server does not declare restarts nothing', async () => {
  const { call, path, proxy } = await openRunning('other-k3v9x2', []);

  const { body } = await call('PUT', path, { LATER: 'x' });

  expect(body).toMatchObject({ changed: ['LATER'], undeclared: ['LATER'], restarted: false });
  expect(proxy.requests.filter((line) => line.includes('/deployments/'))).toEqual([]);
});

test('a stopped server stays stopped', async () => {
  const { call, path, core } = await openRunning('stopped-k3v9x2', ['TOKEN'], 0);

  const { body } = await call('PUT', path, { TOKEN: 'x' });

  expect(body).toMatchObject({ changed: ['TOKEN'], restarted: false });
  const { items } = await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: 'app=mcp-stopped-k3v9x2' });
  expect(items).toEqual([]);
});

test('names are listed with who set them when, values never; what is declared and not set is missing', async () => {
  const { call, addServer, core } = await openHosting();
  await addServer('listed-k3v9x2', { env: ['A', 'B', 'C'] });
  await core.createNamespacedSecret({
    namespace: NAMESPACE,
    body: { metadata: { name: 'mcp-listed-k3v9x2-env' }, stringData: { B: 'by kubectl', toString: 'x' } },
  });
  await call('PUT', '/servers/listed-k3v9x2/secrets', { A: 'canary' });

  const { body, text } = await call('GET', '/servers/listed-k3v9x2/secrets');

  const unknown = { changedAt: null, changedBy: null };
  expect(body).toEqual({
    serverId: 'listed-k3v9x2',
    secrets: [
      { name: 'A', declared: true, changedAt: expect.any(String), changedBy: 'kim' },
      { name: 'B', declared: true, ...unknown },
      { name: 'toString', declared: false, ...unknown },
    ],
    missing: ['C'],
  });
  expect(text).not.toContain('canary');
});

test('an unset value is gone from the Secret and leaves running pods alone', async () => {
  const { call, told, path, proxy, postgres } = await openRunning('unset-k3v9x2', ['TOKEN']);
  await call('PUT', path, { TOKEN: 'one', OTHER: 'x' });
  await eventually(async () => (await told('TOKEN')) === 'one');
  const before = proxy.requests.filter((line) => line.includes('/deployments/')).length;

  const gone = await call('DELETE', `${path}/TOKEN`);
  const again = await call('DELETE', `${path}/TOKEN`);
  await call('DELETE', `${path}/OTHER`);
  const list = await call('GET', path);

  expect(gone.body).toMatchObject({ changed: ['TOKEN'], restarted: false });
  expect(again.body).toMatchObject({ changed: [], unchanged: ['TOKEN'] });
  expect(list.body).toEqual({ serverId: 'unset-k3v9x2', secrets: [], missing: ['TOKEN'] });
  expect(await told('TOKEN')).toBe('one');
  expect(proxy.requests.filter((line) => line.includes('/deployments/'))).toHaveLength(before);
  expect((await postgres.hostedServers.findByServerId('unset-k3v9x2'))?.envVars).toEqual(['TOKEN']);
});

test('many who set values at once lose none, and each is recorded', async () => {
  const { call, addServer, readSecret, postgres } = await openHosting();
  const { id } = await addServer('many-k3v9x2');
  const names = Array.from({ length: 15 }, (_, index) => `NAME_${index}`);

  const answers = await Promise.all(
    names.map((name) => call('PUT', '/servers/many-k3v9x2/secrets', { [name]: `value of ${name}` })),
  );

  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
  expect(await readSecret('mcp-many-k3v9x2-env')).toEqual(
    Object.fromEntries(names.map((name) => [name, `value of ${name}`])),
  );
  expect([...(await postgres.secretChanges.newest(id)).keys()].sort()).toEqual(names.toSorted());
  expect((await postgres.hostedServers.findByServerId('many-k3v9x2'))?.envVars).toEqual(names.toSorted());
});

test.each<[string, unknown, number, string]>([
  ['no name', {}, 400, 'request-invalid'],
  ['a list', ['x'], 400, 'request-invalid'],
  ['a number', { TOKEN: 7 }, 400, 'request-invalid'],
  ['a prototype', '{"__proto__": "canary"}', 400, 'request-malformed'],
  ['a constructor', '{"constructor": {"prototype": {"A": "canary"}}}', 400, 'request-malformed'],
  ['a small letter', { token: 'canary' }, 422, 'secret-name-invalid'],
  ['a letter beyond ASCII', { TÖKEN: 'canary' }, 422, 'secret-name-invalid'],
  ['a line end', { 'A\n': 'canary' }, 422, 'secret-name-invalid'],
  ['300 characters', { ['A'.repeat(300)]: 'canary' }, 422, 'secret-name-invalid'],
  ['a value in place of a name', { sk_live_canary: 'TOKEN' }, 422, 'secret-name-invalid'],
  ["the wrapper's name", { MCP_WRAPPER_KEYS_FILE: '/tmp/canary' }, 422, 'secret-name-reserved'],
  ["the server's own id", { MCP_SERVER_ID: 'canary' }, 422, 'secret-name-reserved'],
  ['nothing', { TOKEN: '' }, 422, 'secret-value-invalid'],
  ['a NUL', { TOKEN: 'canary\0x' }, 422, 'secret-value-invalid'],
  ['half a character', '{"TOKEN": "canary\\ud800"}', 422, 'secret-value-invalid'],
  ['too much', { TOKEN: 'canary'.repeat(30_000) }, 422, 'secret-value-invalid'],
  ['far too much', { TOKEN: 'canary'.repeat(400_000) }, 413, 'request-too-large'],
])('%s is refused as name or value, and nothing of it is said', async (_, body, status, code) => {
  const { call, addServer, logged, dump, core } = await openHosting();
  await addServer('hostile-k3v9x2');

  const answer = await call('PUT', '/servers/hostile-k3v9x2/secrets', body);

  expect([answer.status, answer.body.code]).toEqual([status, code]);
  for (const text of [answer.text, logged.join(''), await dump()]) expect(text).not.toContain('canary');
  await expect(core.readNamespacedSecret({ namespace: NAMESPACE, name: 'mcp-hostile-k3v9x2-env' })).rejects.toThrow();
});

test('values of several lines and of any letters arrive as they are', async () => {
  const { call, addServer, readSecret } = await openHosting();
  await addServer('lines-k3v9x2');
  const values = { PEM: '-----BEGIN-----\nMII\r\n-----END-----\n', EMOJI: '🔑 é\t"\'\\', SPACE: ' ' };

  await call('PUT', '/servers/lines-k3v9x2/secrets', values);

  expect(await readSecret('mcp-lines-k3v9x2-env')).toEqual(values);
});

test('a server that is not there, deleted, or fed from a store is told apart; without a token nothing is done', async () => {
  const { call, addServer, postgres, proxy } = await openHosting();
  const deleted = await addServer('deleted-k3v9x2');
  await postgres.rollouts.save(await newestOf(postgres, 'deleted-k3v9x2'), { status: 'deleted' });
  await addServer('store-k3v9x2', { env: ['A'], secrets: 'external' });
  const writes = () => proxy.requests.filter((line) => !line.startsWith('GET'));

  const codes = await Promise.all(
    ['absent-k3v9x2', 'deleted-k3v9x2', 'store-k3v9x2'].map(async (serverId) => {
      const put = await call('PUT', `/servers/${serverId}/secrets`, { A: 'x' });
      const unset = await call('DELETE', `/servers/${serverId}/secrets/A`);
      return [put.status, put.body.code, unset.body.code];
    }),
  );

  expect(codes).toEqual([
    [404, 'server-not-found', 'server-not-found'],
    [409, 'server-deleted', 'server-deleted'],
    [409, 'secrets-external', 'secrets-external'],
  ]);
  expect(writes()).toEqual([]);
  expect(await postgres.secretChanges.newest(deleted.id)).toEqual(new Map());
});

test('a server that is deleted while a value is written keeps none', async () => {
  const { addServer, postgres, platform, core } = await openHosting();
  await addServer('vanishing-k3v9x2');
  const { serverSecrets } = platform;
  const slow = {
    ...platform,
    serverSecrets: {
      ...serverSecrets,
      async set(serverId: string, values: ReadonlyMap<string, string>) {
        // The deletion stores that it happened, takes the Secrets away, and only then the value arrives.
        await postgres.rollouts.save(await newestOf(postgres, serverId), { status: 'deleted' });
        await serverSecrets.remove(serverId);
        return serverSecrets.set(serverId, values);
      },
    },
  };

  const setting = setSecrets(slow, { serverId: 'vanishing-k3v9x2', values: new Map([['A', 'x']]), requestedBy: 'kim' });

  await expect(setting).rejects.toMatchObject({ code: 'server-deleted' });
  await expect(core.readNamespacedSecret({ namespace: NAMESPACE, name: 'mcp-vanishing-k3v9x2-env' })).rejects.toThrow();
});

const WRITTEN = { resource: 'secrets', when: 'after' } as const;
const UNHEARD = { resource: 'deployments', when: 'before' } as const;

async function openCutOff({ resource, when }: typeof WRITTEN | typeof UNHEARD, serverId: string) {
  const hosting = await openRunning(serverId, ['TOKEN']);
  await hosting.call('PUT', hosting.path, { TOKEN: 'one' });
  await eventually(async () => (await hosting.told('TOKEN')) === 'one');
  hosting.proxy.faults.push({
    matches: (method, url) => method === 'PATCH' && url.includes(`/${resource}/`),
    status: 500,
    when,
    times: 1,
  });
  const cut = await hosting.call('PUT', hosting.path, { TOKEN: 'two' });
  expect([cut.status, cut.body.code]).toEqual([503, 'temporarily-unavailable']);
  expect(await hosting.told('TOKEN')).toBe('one');
  return hosting;
}

test.each([
  ['after the Secret was written', WRITTEN, 'cuta-k3v9x2'],
  ['before the pods were replaced', UNHEARD, 'cutb-k3v9x2'],
])('a change that is cut off %s is finished by its repeat', async (_, where, serverId) => {
  const { call, told, path, platform, server, proxy } = await openCutOff(where, serverId);

  const repeat = await call('PUT', path, { TOKEN: 'two' });
  await eventually(async () => (await told('TOKEN')) === 'two');
  const requests = proxy.requests.length;
  const again = await call('PUT', path, { TOKEN: 'two' });

  expect(repeat.body).toMatchObject({ changed: [], restarted: true });
  expect(again.body).toMatchObject({ changed: [], restarted: false });
  expect(proxy.requests.slice(requests).filter((line) => line.startsWith('PATCH'))).toEqual([]);
  await expect(platform.secretChanges.unfinished({ olderThanMs: 0, hostedServerId: server.id })).resolves.toEqual([]);
});

test('a change that is cut off and not repeated is finished by the reconcile job', async () => {
  const { told, platform, query } = await openCutOff(UNHEARD, 'cutc-k3v9x2');
  const silent = { rollouts: { busyServers: async () => [] }, missedDeliveries: { redeliverFailed: async () => 0 } };

  await reconcile({ ...platform, ...silent } as unknown as typeof platform);
  const young = await told('TOKEN');
  await query("UPDATE secret_changes SET begun_at = begun_at - INTERVAL '2 minutes'");
  await reconcile({ ...platform, ...silent } as unknown as typeof platform);
  await eventually(async () => (await told('TOKEN')) === 'two');

  expect(young).toBe('one');
  await expect(platform.secretChanges.unfinished({ olderThanMs: 0 })).resolves.toEqual([]);
});

async function newestOf(postgres: Awaited<ReturnType<typeof openHosting>>['postgres'], serverId: string) {
  const rollout = await postgres.rollouts.newest(serverId);
  if (!rollout) throw new Error(`${serverId} has no rollout`);
  return rollout;
}
