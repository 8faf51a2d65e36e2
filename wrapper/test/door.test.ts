import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { openSession, post, readAnswer } from './mcp-client.ts';
import { verifies } from './verifies.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

const KEY = 'mcp_test_key';
const OTHER_KEY = 'mcp_other_key';
const HASHES = [KEY, OTHER_KEY].map((key) => createHash('sha256').update(key).digest('hex')).join(',');
const PING = { jsonrpc: '2.0', id: 0, method: 'ping' };

/** fetch sets Host and Origin by its own rules. */
function postAs(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, (res) => {
      res.resume();
      resolve(res.statusCode ?? 0);
    });
    req.on('error', reject);
    req.end(JSON.stringify(PING));
  });
}

test(
  verifies(['http-authentication', 'auth-401', 'auth-every-request'], 'key is asked for everywhere but at /health'),
  async () => {
    const { url, origin } = await startWrapper({ env: { MCP_WRAPPER_KEY_SHA256: HASHES } });

    const none = await post(url, PING);
    const wrong = await post(url, PING, { authorization: 'Bearer mcp_wrong' });
    const basic = await post(url, PING, { authorization: `Basic ${KEY}` });
    const right = await post(url, PING, { authorization: `bearer ${KEY}` });
    const stream = await fetch(url, { headers: { accept: 'text/event-stream' } });
    const removal = await fetch(url, { method: 'DELETE' });

    expect([none, wrong, basic, right, stream, removal].map(({ status }) => status)).toEqual([
      401, 401, 401, 200, 401, 401,
    ]);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await none.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { data: { reason: 'unauthorized' } } });
    expect((await fetch(`${origin}/health`)).status).toBe(200);
  },
);

test(verifies('auth-session-bound', 'session of one key is not found with another'), async () => {
  const { url } = await startWrapper({ env: { MCP_WRAPPER_KEY_SHA256: HASHES } });
  const { sessionId } = await openSession(url, { authorization: `Bearer ${KEY}` });

  const headers = { authorization: `Bearer ${OTHER_KEY}`, 'mcp-session-id': sessionId };
  const answer = await post(url, PING, headers);

  expect(answer.status).toBe(404);
});

test(verifies('http-origin-403', 'origin is refused unless it is allowed'), async () => {
  const { url } = await startWrapper({ env: { MCP_WRAPPER_ALLOWED_ORIGINS: 'https://app.example.com' } });

  expect(await postAs(url, { origin: 'https://evil.example.com' })).toBe(403);
  expect(await postAs(url, { origin: 'null' })).toBe(403);
  expect(await postAs(url, { origin: 'https://app.example.com.evil.example' })).toBe(403);
  expect(await postAs(url, { origin: 'https://app.example.com' })).toBe(200);
});

test('allowed origin gets through the preflight of browsers', async () => {
  const { url } = await startWrapper({ env: { MCP_WRAPPER_ALLOWED_ORIGINS: 'https://app.example.com' } });
  const preflight = (origin: string): Promise<Response> => fetch(url, { method: 'OPTIONS', headers: { origin } });

  const allowed = await preflight('https://app.example.com');

  expect(allowed.status).toBe(204);
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  expect((await preflight('https://evil.example.com')).status).toBe(403);
});

test('host is checked against the names of the endpoint, but not for probes', async () => {
  const { url, origin } = await startWrapper({ env: { MCP_WRAPPER_ALLOWED_HOSTS: 'hello.mcp.example.com' } });

  expect(await postAs(url, { host: 'hello.mcp.example.com' })).toBe(200);
  expect(await postAs(url, { host: 'Hello.MCP.example.com:8443' })).toBe(200);
  expect(await postAs(url, { host: 'hello.mcp.example.com', origin: 'https://hello.mcp.example.com' })).toBe(200);
  expect(await postAs(url, { host: 'evil.example.com' })).toBe(403);
  expect(await postAs(url, { host: '127.0.0.1' })).toBe(403);
  expect((await fetch(`${origin}/health`)).status).toBe(200);
});

test(
  verifies('http-bind-localhost', 'wrapper on loopback serves local names only, against DNS rebinding'),
  async () => {
    const { url } = await startWrapper();

    expect(await postAs(url, { host: 'evil.example.com' })).toBe(403);
    expect(await postAs(url, { host: 'hello.localhost:3000' })).toBe(200);
    expect(await postAs(url, { host: 'localhost', origin: 'http://evil.example.com' })).toBe(403);
    expect(await postAs(url, { host: 'localhost', origin: 'http://localhost:6274' })).toBe(200);
  },
);

test('rate limit is counted for each key, and says when to come back', async () => {
  const { url } = await startWrapper({
    env: { MCP_WRAPPER_KEY_SHA256: HASHES, MCP_WRAPPER_RATE_LIMIT_PER_MINUTE: '2' },
  });
  const as = (key: string): Promise<Response> => post(url, PING, { authorization: `Bearer ${key}` });

  const statuses = [await as(KEY), await as(KEY), await as(OTHER_KEY)].map(({ status }) => status);
  const limited = await as(KEY);

  expect(statuses).toEqual([200, 200, 200]);
  expect(limited.status).toBe(429);
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await limited.json()).toMatchObject({ error: { data: { reason: 'rate-limited' } } });
});

test(verifies('legacy-session-404', 'sessions are limited in number, and end with DELETE'), async () => {
  const { url } = await startWrapper({ args: ['--sessions-max', '2'] });
  const [first] = [await openSession(url), await openSession(url)];
  const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize' };

  const refused = await readAnswer(await post(url, initialize));
  const removed = await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': first.sessionId } });
  const taken = await post(url, initialize);
  const gone = await readAnswer(await post(url, PING, { 'mcp-session-id': first.sessionId }));

  expect(refused).toMatchObject({ status: 503, last: { id: 0, error: { data: { reason: 'session-limit' } } } });
  expect([removed.status, taken.status]).toEqual([204, 200]);
  expect(gone).toMatchObject({ status: 404, last: { id: 0, error: { code: -32001 } } });
});

test('unused session expires, also while its stream is open', async () => {
  const { url } = await startWrapper({ args: ['--session-idle-ms', '3000'] });
  const [unused, listening] = await Promise.all([openSession(url), openSession(url)]);
  const stream = await listening.listen();

  const health = async () => (await (await fetch(url.replace('/mcp', '/health'))).json()) as { sessions: number };
  while ((await health()).sessions > 0) await sleep(20);

  expect((await unused.request('ping')).status).toBe(404);
  expect((await listening.request('ping')).status).toBe(404);
  expect((await stream.next()).done).toBe(true);
});

test('requests in hand are limited in number', async () => {
  const { url } = await startWrapper({ args: ['--requests-max', '2'] });
  const client = await openSession(url);
  const pid = Number(await client.call('pid'));
  const held = client.call('gate', {}, 1);
  while (!(await client.call('received', {}, 2)).includes('"gate"'));
  const alsoHeld = client.call('gate', {}, 3);
  let refused = await client.request('ping', {}, 4);
  while (refused.status !== 503) refused = await client.request('ping', {}, 4);

  const batch = await post(url, [PING, PING, PING]);
  process.kill(pid, 'SIGUSR2');

  expect(refused.last).toMatchObject({ id: 4, error: { data: { reason: 'busy' } } });
  expect(batch.status).toBe(503);
  expect(await Promise.all([held, alsoHeld])).toEqual(['opened', 'opened']);
});
