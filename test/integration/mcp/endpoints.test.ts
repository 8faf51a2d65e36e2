import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEndpoints } from '../../../src/adapters/mcp/create-endpoints.ts';
import { type Listening, listen, listenLegacy, listenModern } from './mcp-servers.ts';

/** Far longer than a handshake takes, on a slow machine too. */
const TIMEOUT_MS = 20_000;
/** For servers that never answer: the shorter, the sooner the test ends. */
const SHORT_MS = 500;
const key = `mcp_${'k'.repeat(43)}`;

const endpoints = createEndpoints({ log: { debug() {}, info() {}, warn() {}, error() {} } });

let server: Listening | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('verify', () => {
  test('speaks with a server of the newest revision', async () => {
    server = await listenModern([{ name: 'greet', description: 'Says hello' }, { name: 'add' }]);

    const check = await endpoints.verify(server.url, key, TIMEOUT_MS);

    expect(check).toEqual({
      ok: true,
      protocolVersion: '2026-07-28',
      tools: [{ name: 'greet', description: 'Says hello' }, { name: 'add' }],
      toolCount: 2,
    });
    expect(new Set(server.headers.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${key}`]));
  });

  test('speaks with an older server and ends its session', async () => {
    const legacy = await listenLegacy([{ name: 'greet' }], [{ name: 'add' }]);
    server = legacy;

    const check = await endpoints.verify(legacy.url, undefined, TIMEOUT_MS);

    const tools = [{ name: 'greet' }, { name: 'add' }];
    expect(check).toEqual({ ok: true, protocolVersion: '2025-11-25', tools, toolCount: 2 });
    expect(legacy.sessionsEnded).toHaveLength(1);
    expect(legacy.headers.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test('finds *.localhost on this machine and keeps the host name', async () => {
    server = await listenModern([{ name: 'greet' }]);
    const host = `hello-x1.localhost:${server.port}`;

    const check = await endpoints.verify(`http://${host}/mcp`, key, TIMEOUT_MS);

    expect(check).toMatchObject({ ok: true });
    expect(new Set(server.headers.map((headers) => headers.host))).toEqual(new Set([host]));
  });

  test('bounds names, descriptions and the number of tools', async () => {
    const tools = Array.from({ length: 300 }, (_, index) => ({
      name: `tool-${index}-${'n'.repeat(200)}`,
      description: `\u0000${'🚀'.repeat(400)}`,
    }));
    server = await listenModern([{ name: ' ' }, ...tools]);

    const check = await endpoints.verify(server.url, key, TIMEOUT_MS);

    if (!check.ok) throw new Error(check.reason);
    expect(check.tools).toHaveLength(200);
    expect(check.toolCount).toBe(300);
    expect(Math.max(...check.tools.map(({ name }) => name.length))).toBe(128);
    expect(Math.max(...check.tools.map(({ description }) => description?.length ?? 0))).toBeLessThanOrEqual(500);
    expect(check.tools.every(({ description }) => description?.isWellFormed())).toBe(true);
    expect(JSON.stringify(check.tools)).not.toContain('\\u0000');
  });
});

describe('verify says why not', () => {
  const answers: [string, RequestListener, RegExp][] = [
    ['a refused key', (_q, r) => void r.writeHead(401).end('secret words'), /refuses the access key \(HTTP 401\)/],
    ['a forbidden host', (_q, r) => void r.writeHead(403).end('secret words'), /refuses the access key \(HTTP 403\)/],
    ['nothing there yet', (_q, r) => void r.writeHead(404).end('secret words'), /HTTP 404/],
    ['a gateway without a server', (_q, r) => void r.writeHead(503).end('secret words'), /HTTP 503/],
    ['a rate limit', (_q, r) => void r.writeHead(429).end('secret words'), /rate limit/],
    [
      'a web page',
      (_q, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('secret words'),
      /not as an MCP server does/,
    ],
    [
      'a redirect',
      (_q, r) => void r.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      /not as an MCP server does/,
    ],
    ['half an answer', halfAnswer, /cannot be reached \(UND_ERR_SOCKET\)/],
    ['JSON that is no JSON-RPC', (_q, r) => sendJson(r, { secret: 'secret words' }), /not as an MCP server does/],
    ['an answer without end', endlessAnswer, /too large/],
    ['a cut connection', (_q, r) => void r.socket?.destroy(), /cannot be reached/],
  ];

  test.each(answers)('%s', async (_name, onRequest, reason) => {
    server = await listen(onRequest);

    const check = await endpoints.verify(server.url, key, 5_000);

    if (check.ok) throw new Error('expected a failure');

    expect(check.reason).toMatch(reason);
    expect(check.reason).not.toContain(key);
    expect(check.reason).not.toContain('secret words');
    expect(check.reason.split('\n')).toHaveLength(1);
  });

  test('a server that never answers', async () => {
    server = await listen(() => {});

    const check = await endpoints.verify(server.url, key, SHORT_MS);

    expect(check).toEqual({ ok: false, reason: 'The endpoint did not finish the MCP handshake within 0.5 s.' });
  });

  test('a server that begins a stream and never ends it', async () => {
    server = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': waiting\n\n');
    });

    const check = await endpoints.verify(server.url, key, SHORT_MS);

    expect(check).toMatchObject({ ok: false, reason: expect.stringContaining('within 0.5 s') });
  });

  test('a list of tools that does not end', async () => {
    server = await listenModern(...Array.from({ length: 100 }, (_, index) => [{ name: `tool-${index}` }]));

    const check = await endpoints.verify(server.url, key, TIMEOUT_MS);

    expect(check).toEqual({ ok: false, reason: "The endpoint's list of tools does not end." });
    expect(server.headers.length).toBeLessThan(30);
  });

  test('nobody listening', async () => {
    const gone = await listen(() => {});
    await gone.close();

    const check = await endpoints.verify(gone.url, key, TIMEOUT_MS);

    expect(check).toEqual({ ok: false, reason: 'The endpoint cannot be reached (ECONNREFUSED).' });
  });

  test.each(['not a url', 'file:///etc/passwd', 'http://'])('%j is no endpoint', async (url) => {
    await expect(endpoints.verify(url, key, TIMEOUT_MS)).resolves.toMatchObject({ ok: false });
  });

  test('the key is not sent where a redirect leads', async () => {
    const elsewhere = await listenModern([{ name: 'greet' }]);
    server = await listen((_request, response) => void response.writeHead(307, { location: elsewhere.url }).end());

    const check = await endpoints.verify(server.url, key, TIMEOUT_MS);
    const reached = elsewhere.headers.length;
    await elsewhere.close();

    expect(check.ok).toBe(false);
    expect(reached).toBe(0);
  });
});

function sendJson(response: Parameters<RequestListener>[1], body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function halfAnswer(...[, response]: Parameters<RequestListener>): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"jsonrpc":"2.0","id":0,"result":{', () => response.destroy());
}

function endlessAnswer(...[, response]: Parameters<RequestListener>): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = `"${'x'.repeat(64 * 1024)}",`;
  response.write('[');
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}
