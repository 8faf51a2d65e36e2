import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSession, post, readAnswer } from './mcp-client.ts';
import { verifies } from './verifies.ts';
import { killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

const PING = { jsonrpc: '2.0', id: 0, method: 'ping' };
let wrapper: WrapperProcess;

beforeAll(async () => {
  wrapper = await startWrapper();
});

afterAll(killStarted);

/** What comes back for bytes that are no good HTTP. */
function sendRaw(url: string, text: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', () => resolve(answer));
  });
}

test.each([
  ['not JSON', '{"jsonrpc":', 400, -32700],
  ['nothing', '', 400, -32700],
  ['a byte order mark', '\ufeff{}', 400, -32700],
  ['a number', '1', 400, -32600],
  ['null', 'null', 400, -32600],
  ['an empty batch', '[]', 400, -32600],
  ['a batch of batches', '[[]]', 400, -32600],
  ['a batch that is too large', JSON.stringify(Array(51).fill(PING)), 400, -32600],
  ['another JSON-RPC version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600],
  ['id null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600],
  ['an id that loses digits', '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', 400, -32600],
  ['positional parameters', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', 400, -32600],
  ['a method that is no string', '{"jsonrpc":"2.0","id":1,"method":5}', 400, -32600],
  ['neither method nor result', '{"jsonrpc":"2.0","id":1}', 400, -32600],
  ['both result and error', '{"jsonrpc":"2.0","id":1,"result":1,"error":{}}', 400, -32600],
  ['arrays in each other', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400, -32600],
  ['objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 400, -32600],
])(verifies('rpc-id-valid', 'body that is %s is refused with a JSON-RPC error'), async (_name, body, status, code) => {
  const { url } = wrapper;

  const response = await post(url, body);

  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code } });
});

test('body that is not UTF-8 is refused', async () => {
  const { url } = wrapper;

  const body = Buffer.concat([
    Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'),
    Buffer.from([0xff]),
    Buffer.from('"}'),
  ]);
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  expect(await response.json()).toMatchObject({ error: { code: -32700 } });
});

test('body above the limit is refused with 413, also when its length was not told', async () => {
  const { url } = wrapper;
  const text = JSON.stringify({ ...PING, params: { text: 'x'.repeat(12 * 1024 * 1024) } });
  const stream = new Blob([text]).stream();

  const told = await post(url, text);
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: stream, duplex: 'half' };
  const untold = await fetch(url, init as RequestInit);

  for (const response of [told, untold]) {
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { data: { reason: 'body-too-large' } } });
  }
});

test.each([
  ['POST', '/mcp', { 'content-type': 'text/plain' }, 415],
  ['POST', '/mcp', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 415],
  ['POST', '/mcp', { 'content-type': 'application/json', accept: 'text/html' }, 406],
  ['POST', '/mcp', { 'content-type': 'application/json', 'mcp-protocol-version': '1999-01-01' }, 400],
  ['POST', '/mcp', { 'content-type': 'application/json', 'mcp-session-id': 'unknown' }, 404],
  ['PUT', '/mcp', {}, 405],
  ['POST', '/', { 'content-type': 'application/json' }, 404],
  ['POST', '/mcp/../health', { 'content-type': 'application/json' }, 404],
])('%s %s with %p is answered with %i as a JSON-RPC error', async (method, path, headers, status) => {
  const { origin } = wrapper;

  const response = await fetch(`${origin}${path}`, {
    method,
    headers: headers as Record<string, string>,
    body: JSON.stringify(PING),
  });

  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: {} });
});

test.each([
  ['text/html', {}, 406],
  ['text/event-stream', {}, 400],
  ['text/event-stream', { 'mcp-session-id': 'unknown' }, 404],
])(
  verifies('legacy-get-stream', 'GET that accepts %s with %p is answered with %i'),
  async (accept, headers, status) => {
    const { url } = wrapper;

    const response = await fetch(url, { headers: { accept, ...headers } as Record<string, string> });

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: {} });
  },
);

test('what is no HTTP, and headers that are too large, are answered in JSON too', async () => {
  const { url } = wrapper;

  const nonsense = await sendRaw(url, 'HELLO\r\n\r\n');
  const large = await sendRaw(url, `GET /mcp HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`);

  expect(nonsense).toMatch(/^HTTP\/1.1 400 [\s\S]*"jsonrpc":"2.0"/);
  expect(large).toMatch(/^HTTP\/1.1 431 /);
});

test('request of a version that nobody speaks is refused with those that are spoken here', async () => {
  const { url } = wrapper;
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2099-01-01',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = { jsonrpc: '2.0', id: 'probe', method: 'server/discover', params: { _meta: meta } };
  const headers = { 'mcp-protocol-version': '2099-01-01', 'mcp-method': 'server/discover' };

  const answer = await readAnswer(await post(url, body, headers));

  expect(answer.status).toBe(400);
  expect(answer.last).toMatchObject({ id: 'probe', error: { code: -32022, data: { requested: '2099-01-01' } } });
  expect(answer.last.error?.data?.supported).toEqual(expect.arrayContaining(['2026-07-28', '2025-11-25']));
});

test('client in a session may name the newer version, as some do', async () => {
  const { url } = wrapper;
  const { sessionId } = await openSession(url);
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };

  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } };
  const answer = await post(url, body, { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2026-07-28' });

  expect(answer.status).toBe(200);
  expect(await wrapper.logged('Client names another version than its session has')).toMatchObject({
    protocolVersion: '2025-06-18',
  });
});

test.each([
  ['keys of every prototype', '{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}},"hasOwnProperty":1}'],
  ['halves of characters', '{"a":"\\ud800","b":"\\udc00\\ud800"}'],
  ['zero characters', '{"a":"\\u0000"}'],
  ['line separators of JavaScript', '{"a":"\u2028\u2029"}'],
])('arguments with %s arrive as they are', async (_what, text) => {
  const { url } = wrapper;
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"mirror","arguments":${text}}}`;

  const { last } = await readAnswer(await post(url, body));

  expect(last.result.content[0].text).toBe(text);
});

test.each(['"__proto__"', '"\\u0000"', '""', '-1', '1.5', '0'])('id %s is answered as it is', async (id) => {
  const { url } = wrapper;

  const answer = await (await post(url, `{"jsonrpc":"2.0","id":${id},"method":"tools/list"}`)).text();

  expect(answer).toContain(`"id":${id}`);
});

test('of two equal keys the last one counts, for the wrapper and the server alike', async () => {
  const { url } = wrapper;
  const body =
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping","method":"tools/call","params":{"name":"die","name":"pid"}}';

  const { last } = await readAnswer(await post(url, body));

  expect(last).toMatchObject({ id: 2, result: { content: [{ text: expect.stringMatching(/^\d+$/) }] } });
});

test('lone request without a session is answered', async () => {
  const { url } = wrapper;

  const { last } = await readAnswer(await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }));

  expect(last.result.tools.length).toBeGreaterThan(0);
});
