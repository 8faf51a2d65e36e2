import { expect, test } from '@jest/globals';
import { openApi, TOKEN } from './open-api.ts';

const DEPLOY = '/deploy/5b7ad1e4-6ad1-4d4f-9d1c-1f0f9e9c8c11';

test.each([
  ['none', undefined],
  ['another scheme', `Basic ${TOKEN}`],
  ['an unknown token', 'Bearer mcph_unknown'],
  ['an empty one', 'Bearer '],
  ['two tokens', `Bearer ${TOKEN} ${TOKEN}`],
  ['a huge one', `Bearer ${'a'.repeat(8_000)}`],
  ['control characters', `Bearer ${TOKEN}\t`.replace(TOKEN, 'mcph_\u0001')],
])('credentials that are %s get a 401 with its challenge, and ask nothing', async (_what, authorization) => {
  const { fastify, asked } = await openApi();

  const response = await fastify.inject({
    url: '/api/hosting/servers',
    headers: authorization === undefined ? {} : { authorization },
  });

  expect(response.statusCode).toBe(401);
  expect(response.headers['www-authenticate']).toMatch(/^Bearer realm="mcp-hosting"/);
  expect(response.json()).toMatchObject({ code: 'unauthorized', hint: expect.any(String) });
  expect(asked).toEqual([]);
});

test('the scheme of credentials is read as RFC 9110 says, in any case', async () => {
  const { call } = await openApi();

  const { status } = await call('GET', '/servers', { headers: { authorization: `bearer ${TOKEN}` } });

  expect(status).toBe(200);
});

test('even an unknown path says nothing without a token', async () => {
  const { fastify } = await openApi();

  expect((await fastify.inject('/api/hosting/anything')).statusCode).toBe(401);
});

test.each([
  ['an unknown field', { repository: 'acme/hello', admin: true }, '', 'admin'],
  ['a missing field', {}, '', 'repository'],
  ['a number for text', { repository: 7 }, '/repository', 'string'],
  ['text for a number', { repository: 'acme/hello', issue: '3' }, '/issue', 'integer'],
  ['an issue of 0', { repository: 'acme/hello', issue: 0 }, '/issue', '>= 1'],
  ['an issue beyond the column', { repository: 'acme/hello', issue: 2 ** 31 }, '/issue', '<= 2147483647'],
  ['a path for a name', { repository: '../../etc/passwd' }, '/repository', 'pattern'],
  ['a URL for a name', { repository: 'https://github.com/acme/hello' }, '/repository', 'pattern'],
  ['a line break', { repository: 'acme/hello\nx' }, '/repository', 'pattern'],
  ['a NUL', { repository: 'acme/hel\0lo' }, '/repository', 'pattern'],
  ['an over-long name', { repository: `acme/${'a'.repeat(5_000)}` }, '/repository', 'must NOT have more than'],
  ['a list', ['acme/hello'], '', 'object'],
  ['null', null, '', 'object'],
])('a body with %s is refused where it is wrong', async (_what, payload, pointer, detail) => {
  const { call, asked } = await openApi();

  const { status, body } = await call('POST', DEPLOY, {
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  });

  expect(status).toBe(400);
  expect(body.code).toBe('request-invalid');
  expect(body.errors).toContainEqual({ pointer, detail: expect.stringContaining(detail) });
  expect(asked).toEqual([]);
});

test('a name that only the pattern lets pass is refused all the same', async () => {
  const { call, asked } = await openApi();

  const { status, body } = await call('POST', DEPLOY, { payload: { repository: 'acme/..' } });

  expect([status, body.code]).toEqual([422, 'repository-name-invalid']);
  expect(asked).toEqual([]);
});

test.each([
  ['half a document', '{"repository":', 400, 'request-malformed'],
  ['a changed prototype', '{"__proto__":{"admin":true},"repository":"acme/hello"}', 400, 'request-malformed'],
  ['nothing', '', 400, 'request-invalid'],
  ['too much', JSON.stringify({ repository: 'a'.repeat(20_000) }), 413, 'request-too-large'],
  ['depth', '['.repeat(4_000), 400, 'request-malformed'],
])('a body of %s is refused without its text', async (_what, payload, expectedStatus, code) => {
  const { call, asked } = await openApi();

  const { status, body, headers } = await call('POST', DEPLOY, {
    headers: { 'content-type': 'application/json' },
    payload,
  });

  expect([status, body.code]).toEqual([expectedStatus, code]);
  expect(headers['content-type']).toContain('application/problem+json');
  expect(body).not.toHaveProperty('stack');
  expect(asked).toEqual([]);
});

test.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded'])(
  'a body of type %s is refused',
  async (type) => {
    const { call } = await openApi();

    const { status, body } = await call('POST', DEPLOY, {
      headers: { 'content-type': type },
      payload: 'repository=a/b',
    });

    expect([status, body.code]).toEqual([415, 'media-type-unsupported']);
  },
);

test.each([
  ['/servers?limit=101', 'query/limit'],
  ['/servers?limit=0', 'query/limit'],
  ['/servers?limit=ten', 'query/limit'],
  ['/servers?limit=1&limit=2', 'query/limit'],
  ['/servers?offset=-1', 'query/offset'],
  ['/servers?offset=999999999999', 'query/offset'],
  ['/servers?status=happy', 'query/status'],
  ['/servers?page=2', 'query'],
  ['/servers/hello-k3v9x2/logs?lines=1001', 'query/lines'],
  ['/servers/hello-k3v9x2/logs?previous=maybe', 'query/previous'],
])('%s is refused at %s', async (path, pointer) => {
  const { call, asked } = await openApi();

  const { status, body } = await call('GET', path);

  expect(status).toBe(400);
  expect(body.errors[0].pointer).toBe(pointer);
  expect(asked).toEqual([]);
});

test.each(['not-a-uuid', '%00', '5b7ad1e4-6ad1-4d4f-9d1c-1f0f9e9c8c11%0A', "1'%20OR%20'1'='1"])(
  'the conversation %s is refused',
  async (id) => {
    const { call, asked } = await openApi();

    const { status, body } = await call('POST', `/deploy/${id}`, { payload: { repository: 'acme/hello' } });

    expect([status, body.code]).toEqual([400, 'request-invalid']);
    expect(asked).toEqual([]);
  },
);

test.each([
  'HELLO-K3V9X2',
  'hello',
  '%00',
  '..%2f..%2fetc',
  'hello-k3v9x2%0d%0aset-cookie:a',
  'h%C3%A9llo-k3v9x2',
  '__proto__',
])('the server id %s is not looked up', async (id) => {
  const { call, asked } = await openApi();

  const { status, body } = await call('GET', `/servers/${id}`);

  expect([status, body.code]).toEqual([404, 'server-not-found']);
  expect(asked).toEqual([]);
});

test.each([
  ['GET', '/nothing'],
  ['PUT', '/servers/hello-k3v9x2'],
  ['GET', `/servers/${'a'.repeat(5_000)}`],
  ['GET', '/servers/%zz'],
  ['POST', '/servers/hello-k3v9x2/explode'],
] as const)('%s on a path that is none is a problem too', async (method, path) => {
  const { call } = await openApi();

  const { status, body, text } = await call(method, path);

  expect([status, body.code]).toEqual([404, 'route-not-found']);
  expect(text.length).toBeLessThan(1_000);
});

test.each(['', 'x'.repeat(256)])('an Idempotency-Key of wrong length is refused (%#)', async (key) => {
  const { call, asked } = await openApi();

  const { status } = await call('POST', '/servers/hello-k3v9x2/stop', { headers: { 'idempotency-key': key } });

  expect(status).toBe(400);
  expect(asked).toEqual([]);
});

test('many errors are told up to a bound', async () => {
  const { call } = await openApi();
  const payload = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 1]));

  const { body, text } = await call('POST', DEPLOY, { payload });

  expect(body.errors).toHaveLength(20);
  expect(text.length).toBeLessThan(5_000);
});
