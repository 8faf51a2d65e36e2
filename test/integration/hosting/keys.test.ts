import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseKeyList } from '../../../wrapper/src/door/key-list.ts';
import { NAMESPACE, useHosting } from './hosting-under-test.ts';

const openHosting = useHosting({ beforeAll, afterAll });

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

async function openServer(serverId: string, config: object = {}) {
  const hosting = await openHosting();
  const server = await hosting.addServer(serverId, config);
  const path = `/servers/${serverId}/keys`;
  const fileOf = async () => (await hosting.readSecret(`mcp-${serverId}-access`)).keys ?? '';
  return { ...hosting, server, path, fileOf };
}

test('a key is told once, kept as its SHA-256 in the cluster alone, and listed without it', async () => {
  const { call, path, fileOf, dump, logged } = await openServer('made-k3v9x2');

  const created = await call('POST', path, { name: ' CI of acme ', expiresAt: '2027-01-31T13:00:00+01:00' });
  const { key, ...known } = created.body;
  const listed = await call('GET', path);

  expect(created.status).toBe(201);
  expect(key).toMatch(/^mcp_[A-Za-z0-9_-]{43}$/);
  expect(known).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{12}$/),
    name: 'CI of acme',
    createdAt: expect.any(String),
    createdBy: 'kim',
    expiresAt: '2027-01-31T12:00:00.000Z',
    lastUsedAt: null,
    serverId: 'made-k3v9x2',
    endpointUrl: 'https://made-k3v9x2.mcp.example.com/mcp',
  });
  const { serverId: _, endpointUrl: __, ...shown } = known;
  expect(listed.body).toEqual({ serverId: 'made-k3v9x2', keys: [shown] });
  expect(parseKeyList(await fileOf())).toEqual({
    ok: true,
    keys: [{ sha256: sha256(key), id: known.id, name: 'CI of acme', expiresAtMs: Date.UTC(2027, 0, 31, 12) }],
  });
  const kept = (await dump()) + logged.join('');
  for (const secret of [key, sha256(key), sha256(key).slice(0, 16)]) expect(kept).not.toContain(secret);
});

test('a revoked key is gone from the file and the list; its repeat is fine, another id is not', async () => {
  const { call, path, fileOf, query } = await openServer('revoked-k3v9x2');
  const first = (await call('POST', path, { name: 'first' })).body;
  const second = (await call('POST', path, { name: 'second' })).body;

  const revoked = await call('DELETE', `${path}/${first.id}`);
  const again = await call('DELETE', `${path}/${first.id}`);
  const unknown = await Promise.all(
    ['000000000000', 'mcp-hosting', '__proto__', 'a'.repeat(300), '%00', '%F0%9F%94%91'].map((id) =>
      call('DELETE', `${path}/${id}`),
    ),
  );

  expect([revoked.status, again.status]).toEqual([200, 200]);
  expect(revoked.body).toEqual({ serverId: 'revoked-k3v9x2', id: first.id, revoked: true });
  expect(unknown.map(({ status }) => status)).toEqual(unknown.map(() => 404));
  expect(unknown[0]?.body.code).toBe('access-key-not-found');
  expect((await call('GET', path)).body.keys.map(({ id }: { id: string }) => id)).toEqual([second.id]);
  expect(await fileOf()).toContain(sha256(second.key));
  expect(await fileOf()).not.toContain(sha256(first.key));
  expect(await query('SELECT name, revoked_by FROM access_keys WHERE revoked_at IS NOT NULL')).toEqual([
    { name: 'first', revoked_by: 'kim' },
  ]);
});

test('many who make and revoke keys at once get what they asked for', async () => {
  const { call, path, fileOf, platform } = await openServer('many-k3v9x2');
  await platform.accessKeyFiles.ensureProbeKey('many-k3v9x2', 'mcp_probe');
  const before = await Promise.all([0, 1, 2, 3].map((n) => call('POST', path, { name: `old ${n}` })));

  const made = await Promise.all([
    ...Array.from({ length: 8 }, (_, n) => call('POST', path, { name: `new ${n}` })),
    ...before.map(({ body }) => call('DELETE', `${path}/${body.id}`)),
  ]);

  expect(made.map(({ status }) => status)).toEqual([...Array(8).fill(201), ...Array(4).fill(200)]);
  const keys = (await call('GET', path)).body.keys as { name: string }[];
  expect(keys.map(({ name }) => name).sort()).toEqual(Array.from({ length: 8 }, (_, n) => `new ${n}`));
  const parsed = parseKeyList(await fileOf());
  expect(parsed.ok && parsed.keys).toHaveLength(9);
});

test.each<[string, unknown, number, string]>([
  ['no name', {}, 400, 'request-invalid'],
  ['an empty name', { name: '' }, 400, 'request-invalid'],
  ['a name of blanks', { name: '   ' }, 422, 'access-key-invalid'],
  ['a name of 300 characters', { name: 'n'.repeat(300) }, 400, 'request-invalid'],
  ['a name of two lines', { name: `x\n${'0'.repeat(64)} id=evil` }, 422, 'access-key-invalid'],
  ['a name with a line separator', { name: 'x\u2028y' }, 422, 'access-key-invalid'],
  ['a name that turns text around', { name: 'x\u202ey' }, 422, 'access-key-invalid'],
  ['half a character', '{"name":"\\ud800"}', 422, 'access-key-invalid'],
  ['a prototype', '{"__proto__":{"name":"x"},"name":"x"}', 400, 'request-malformed'],
  ['a field too many', { name: 'x', id: 'mine' }, 400, 'request-invalid'],
  ['a time that is none', { name: 'x', expiresAt: 'tomorrow' }, 400, 'request-invalid'],
  ['a time that has passed', { name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 422, 'access-key-invalid'],
  ['a time too far off', { name: 'x', expiresAt: '2999-01-01T00:00:00Z' }, 422, 'access-key-invalid'],
])('%s makes no key', async (_, body, status, code) => {
  const { call, path, core, query } = await openServer('hostile-k3v9x2');

  const answer = await call('POST', path, body);

  expect([answer.status, answer.body.code]).toEqual([status, code]);
  await expect(
    core.readNamespacedSecret({ namespace: NAMESPACE, name: 'mcp-hostile-k3v9x2-access' }),
  ).rejects.toThrow();
  expect(await query('SELECT * FROM access_keys')).toEqual([]);
});

test.each(['expires=2099-01-01T00:00:00Z', 'id=other', '🔑 größe', '# comment', "'; DROP TABLE access_keys; --"])(
  'the name %j stays a name',
  async (name) => {
    const { call, path, fileOf } = await openServer(`named-${sha256(name).slice(0, 6)}`);

    const { body } = await call('POST', path, { name });

    expect(parseKeyList(await fileOf())).toEqual({ ok: true, keys: [{ sha256: sha256(body.key), id: body.id, name }] });
    expect((await call('GET', path)).body.keys).toMatchObject([{ id: body.id, name, expiresAt: null }]);
  },
);

test('a key whose write is cut off is never told of, and its repeat makes another', async () => {
  const { call, path, proxy, fileOf } = await openServer('cut-k3v9x2');
  await call('POST', path, { name: 'first' });
  const fault = { matches: (method: string) => method === 'PATCH', status: 500, times: 1 } as const;
  proxy.faults.push({ ...fault, when: 'before' });
  const before = await call('POST', path, { name: 'unwritten' });
  proxy.faults.push({ ...fault, when: 'after' });
  const after = await call('POST', path, { name: 'unheard' });

  const names = ((await call('GET', path)).body.keys as { name: string }[]).map(({ name }) => name);

  expect([before.status, after.status]).toEqual([503, 503]);
  // What got into the file is listed, so that it can be revoked.
  expect(names).toEqual(['first', 'unheard']);
  expect(parseKeyList(await fileOf())).toMatchObject({ keys: [{ name: 'first' }, { name: 'unheard' }] });
});

test('a revocation that is cut off has taken the key from the file, and its repeat ends it', async () => {
  const { call, path, proxy, fileOf } = await openServer('cutrev-k3v9x2');
  const { body } = await call('POST', path, { name: 'first' });
  proxy.faults.push({ matches: (method) => method === 'PATCH', status: 500, times: 1, when: 'after' });

  const cut = await call('DELETE', `${path}/${body.id}`);
  const file = await fileOf();
  const listed = (await call('GET', path)).body.keys;
  const repeat = await call('DELETE', `${path}/${body.id}`);

  expect(cut.status).toBe(503);
  expect(file).toBe('');
  expect(listed).toEqual([]);
  expect(repeat.status).toBe(200);
});

test('the last use is the newest that any pod told of, and outlives the pod', async () => {
  const { call, path, uses, platform } = await openServer('used-k3v9x2');
  const { body } = await call('POST', path, { name: 'first' });
  const lastUsedAt = async () => (await call('GET', path)).body.keys[0].lastUsedAt;
  let ready = true;
  Object.assign(platform, { workloads: { pods: async () => [{ ready }] } });

  const never = await lastUsedAt();
  uses.set(body.id, new Date('2026-11-22T10:05:00Z')).set('unknown', new Date());
  const once = await lastUsedAt();
  uses.set(body.id, new Date('2026-11-22T10:01:00Z'));
  const older = await lastUsedAt();
  ready = false;
  uses.set(body.id, new Date('2026-11-22T11:00:00Z'));
  const asleep = await lastUsedAt();

  expect([never, once, older, asleep]).toEqual([
    null,
    '2026-11-22T10:05:00.000Z',
    '2026-11-22T10:05:00.000Z',
    '2026-11-22T10:05:00.000Z',
  ]);
});

test('a changed key is brought to the pods at once, and is made or revoked where that fails', async () => {
  const { call, path, platform, logged, fileOf } = await openServer('hurried-k3v9x2');
  const files: string[] = [];
  const renewFiles = platform.workloads.renewFiles;
  Object.assign(platform.workloads, {
    renewFiles: async (serverId: string, at: Date) => {
      files.push(`${serverId}: ${(await fileOf()).split('\n').length - 1} keys`);
      await renewFiles(serverId, at);
    },
  });

  const { body } = await call('POST', path, { name: 'first' });
  await call('DELETE', `${path}/${body.id}`);
  await call('DELETE', `${path}/${body.id}`);
  Object.assign(platform.workloads, { renewFiles: () => Promise.reject(new Error('no right to patch')) });
  const made = await call('POST', path, { name: 'second' });
  const revoked = await call('DELETE', `${path}/${made.body.id}`);
  Object.assign(platform.workloads, { renewFiles });

  expect(files).toEqual(['hurried-k3v9x2: 1 keys', 'hurried-k3v9x2: 0 keys']);
  expect([made.status, revoked.status]).toEqual([201, 200]);
  expect(logged.filter((line) => line.includes('with the next round of the kubelet'))).toHaveLength(2);
});

test('a public server has no keys to make; one that is not there or deleted is told apart', async () => {
  const { call, addServer, postgres, proxy } = await openServer('open-k3v9x2', { access: 'public' });
  await addServer('deleted-k3v9x2');
  const rollout = await postgres.rollouts.newest('deleted-k3v9x2');
  if (rollout) await postgres.rollouts.save(rollout, { status: 'deleted' });

  const codes = await Promise.all(
    ['open-k3v9x2', 'absent-k3v9x2', 'deleted-k3v9x2'].map(async (serverId) => {
      const made = await call('POST', `/servers/${serverId}/keys`, { name: 'x' });
      return [made.status, made.body.code, (await call('GET', `/servers/${serverId}/keys`)).status];
    }),
  );

  expect(codes).toEqual([
    [409, 'server-public', 200],
    [404, 'server-not-found', 404],
    [409, 'server-deleted', 409],
  ]);
  expect(proxy.requests.filter((line) => !line.startsWith('GET'))).toEqual([]);
});
