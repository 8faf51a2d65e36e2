import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { PrincipalQuota } from '../src/door/principal-quota.ts';
import { openSession, post } from './mcp-client.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

const PING = { jsonrpc: '2.0', id: 0, method: 'ping' };

function sendRaw(url: string, head: readonly string[]): Promise<string> {
  const body = JSON.stringify(PING);
  const lines = ['POST /mcp HTTP/1.1', ...head, 'content-type: application/json', 'connection: close'];
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
      socket.write(`${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
    );
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });
}

test('headers are limited in number and bytes', async () => {
  const { url } = await startWrapper({ args: ['--headers-max', '20', '--header-bytes-max', '2048'] });
  const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `x-${i}: y`);

  // Host, Content-Type, Connection and Content-Length are headers too.
  expect(await sendRaw(url, ['host: localhost', ...many(16)])).toMatch(/^HTTP\/1.1 200 /);
  expect(await sendRaw(url, ['host: localhost', ...many(17)])).toMatch(/^HTTP\/1.1 431 [\s\S]*"headers-too-large"/);
  expect(await sendRaw(url, ['host: localhost', ...many(200)])).toMatch(/^HTTP\/1.1 431 [\s\S]*"jsonrpc":"2.0"/);
  expect(await sendRaw(url, ['host: localhost', `x: ${'y'.repeat(3000)}`])).toMatch(/^HTTP\/1.1 431 [\s\S]*"jsonrpc"/);
});

test('two Host headers are a bad request', async () => {
  const { url } = await startWrapper();

  expect(await sendRaw(url, ['host: localhost', 'Host: evil.example.com'])).toMatch(/^HTTP\/1.1 400 [\s\S]*"jsonrpc"/);
});

test('no Host header, and an expectation that nobody knows, are answered in JSON too', async () => {
  const { url } = await startWrapper();

  expect(await sendRaw(url, ['x-a: b'])).toMatch(/^HTTP\/1.1 400 [\s\S]*"jsonrpc"[\s\S]*no Host header/);
  expect(await sendRaw(url, ['host: localhost', 'expect: more'])).toMatch(/^HTTP\/1.1 417 [\s\S]*"jsonrpc"/);
});

test('nesting and batches are limited as the options say', async () => {
  const { url } = await startWrapper({ args: ['--nesting-depth-max', '8', '--batch-messages-max', '2'] });
  const nested = (depth: number): string =>
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}}}`;

  expect([(await post(url, nested(8))).status, (await post(url, nested(9))).status]).toEqual([200, 400]);
  expect((await post(url, [PING, PING])).status).toBe(200);
  expect((await post(url, [PING, PING, PING])).status).toBe(400);
});

test('burst of a rate is an option', async () => {
  const { url } = await startWrapper({ args: ['--rate-limit-per-minute', '1', '--rate-limit-burst', '3'] });

  expect((await post(url, Array(3).fill(PING))).status).toBe(200);
  expect((await post(url, PING)).status).toBe(429);
});

test('requests in hand of one key are limited, and given back when they end', async () => {
  const { url } = await startWrapper({ args: ['--requests-per-key-max', '1'] });
  const client = await openSession(url);
  const held = new AbortController();
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hang' } });
  const headers = { 'content-type': 'application/json', 'mcp-session-id': client.sessionId };
  const gone = fetch(url, { method: 'POST', headers, body, signal: held.signal }).catch(() => 'gone');
  let refused = await client.request('ping');
  while (refused.status !== 503) refused = await client.request('ping');

  held.abort();
  await gone;
  let taken = await client.request('ping');
  while (taken.status === 503) taken = await client.request('ping');

  expect(refused.last).toMatchObject({ error: { data: { reason: 'busy' } } });
  expect(taken.status).toBe(200);
});

test('streams of one key are limited, and given back when they end', async () => {
  const { url } = await startWrapper({ args: ['--streams-per-key-max', '1'] });
  const [first, second] = [await openSession(url), await openSession(url)];
  const stream = await first.listen();
  const open = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { accept: 'text/event-stream', 'mcp-session-id': second.sessionId };
      const req = request(url, { headers }, (res) => {
        resolve(res.statusCode ?? 0);
        res.destroy();
      });
      req.on('error', reject);
      req.end();
    });

  const refused = await open();
  stream.close();
  let taken = await open();
  while (taken === 503) taken = await open();

  expect([refused, taken]).toEqual([503, 200]);
});

test('connections are limited in number', async () => {
  const { url } = await startWrapper({ args: ['--connections-max', '1'] });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));

  const answer = await sendRaw(url, ['host: localhost']);
  socket.destroy();

  expect(answer).toBe('');
});

test('quota counts each principal by itself and forgets who holds nothing', () => {
  const [a, b] = ['a', 'b'] as const;
  const quota = new PrincipalQuota(2);

  expect([quota.tryTake(a, 2), quota.tryTake(a), quota.tryTake(b), quota.tryTake(b, 2)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  quota.release(a);
  expect(quota.tryTake(a)).toBe(true);
  expect(new PrincipalQuota(0).tryTake(a, 1_000_000)).toBe(true);
});
