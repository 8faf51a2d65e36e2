import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { EventStream } from '../../src/http/event-stream.ts';
import { STREAM_KEEP_ALIVE_MS } from '../../src/limits.ts';
import { openSession, post } from '../mcp-client.ts';
import { CAPABILITIES_KEY, modernClient, VERSION_KEY } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper } from '../wrapper-process.ts';

afterEach(async () => {
  jest.useRealTimers();
  await killStarted();
});

const META = { [VERSION_KEY]: '2026-07-28', [CAPABILITIES_KEY]: {} };
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } };
const HEADERS = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };

test(verifies('http-notification-refused', 'A notification that cannot be accepted gets an HTTP error'), async () => {
  const { url } = await startWrapper();
  const { sessionId } = await openSession(url);

  const malformed = await post(url, '{"jsonrpc":"2.0","method":5}', { 'mcp-session-id': sessionId });
  const unknown = await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, { 'mcp-session-id': 'x' });

  expect([malformed.status, unknown.status]).toEqual([400, 404]);
});

test.each([
  ['a batch', [LIST, { ...LIST, id: 2 }]],
  ['a batch of one', [LIST]],
  ['a response', { jsonrpc: '2.0', id: 1, result: { _meta: META } }],
])(verifies('http-one-message', 'Body of a modern client that is %s is refused'), async (_name, body) => {
  const { url } = await startWrapper();

  const response = await post(url, body, HEADERS);

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } });
});

test(verifies('http-keep-alive', 'A silent stream carries comments'), async () => {
  jest.useFakeTimers({
    doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask', 'Date', 'performance'],
  });
  const server = createServer((_req, res) => void new EventStream(res)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  jest.advanceTimersByTime(STREAM_KEEP_ALIVE_MS);
  const reader = response.body?.getReader();
  const chunk = await reader?.read();

  expect(new TextDecoder().decode(chunk?.value)).toMatch(/^:.*\n\n$/);
  await reader?.cancel();
  server.closeAllConnections();
  server.close();
});

test(
  verifies(
    ['auth-not-in-query', 'auth-no-passthrough'],
    'A key counts in its header only, and stays outside of the child',
  ),
  async () => {
    const key = 'mcp_test_key';
    const env = { MCP_WRAPPER_KEY_SHA256: createHash('sha256').update(key).digest('hex') };
    const { url } = await startWrapper({ env });

    const inQuery = await post(`${url}?access_token=${key}`, LIST, HEADERS);
    const client = modernClient(url, { headers: { authorization: `Bearer ${key}` } });
    const seen = [await client.text('received'), await client.text('environment'), await client.text('seen')];

    expect([400, 401]).toContain(inQuery.status);
    expect(seen.join()).not.toContain(key);
  },
);
