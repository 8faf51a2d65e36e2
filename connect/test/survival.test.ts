import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freePort, killStarted as killWrappers, startWrapper } from '../../wrapper/test/wrapper-process.ts';
import { type ConnectProcess, killStarted, type Message, startConnect } from './connect-process.ts';
import { openEvents, type Script, sendJson, startRemote, stopRemotes } from './scripted-remote.ts';
import { verifies } from './verifies.ts';

let cacheDir: string;

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'mcp-connect-'));
});

afterEach(async () => {
  await killStarted();
  await stopRemotes();
  await killWrappers();
  await rm(cacheDir, { recursive: true });
});

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' };
const LIST = { jsonrpc: '2.0', id: 'list', method: 'tools/list' };
const CALL = { jsonrpc: '2.0', id: 'call', method: 'tools/call', params: { name: 'x' } };

function start(url: string, env: Record<string, string> = {}): ConnectProcess {
  return startConnect([url], { MCP_CONNECT_PATIENCE_MS: '20000', MCP_CONNECT_CACHE_DIR: cacheDir, ...env });
}

/** Connected by `initialize`, so that the endpoint is known. */
async function connectTo(
  script?: Script,
  port = 0,
): Promise<{ remote: Awaited<ReturnType<typeof startRemote>>; client: ConnectProcess }> {
  const remote = await startRemote(script, { port });
  const client = start(remote.url);
  client.write(INITIALIZE, INITIALIZED);
  await client.until(0);
  return { remote, client };
}

/** Answers the first requests of a method by `refuse`, and leaves the others to the usual answers. */
function refuseFirst(method: string, count: number, refuse: Script): Script {
  let refused = 0;
  return (seen, res) => {
    if (seen.message?.method !== method || refused >= count) return false;
    refused += 1;
    return refuse(seen, res);
  };
}

test('a server that is down at the start is waited for', async () => {
  const port = await freePort();
  const client = start(`http://127.0.0.1:${port}/mcp`);
  client.write(INITIALIZE, INITIALIZED, LIST);

  const remote = await startRemote(undefined, { port });
  const messages = await client.until('list');

  expect(messages.map(({ id, error }) => [id, error])).toEqual([
    [0, undefined],
    ['list', undefined],
  ]);
  expect(remote.seen.filter(({ message }) => message?.method === 'initialize')).toHaveLength(1);
});

test(verifies('era-cached', 'initialize is answered from the last known result while the server is down'), async () => {
  const { remote, client } = await connectTo(undefined, await freePort());
  client.endInput();
  await client.exited;
  await stopRemotes();

  const again = start(remote.url);
  again.write(INITIALIZE, INITIALIZED, LIST);
  const [known] = await again.until(0);
  await startRemote(undefined, { port: remote.port });
  const list = (await again.until('list')).at(-1);
  again.endInput();
  await again.exited;

  expect(known?.result).toMatchObject({ protocolVersion: '2025-06-18', capabilities: { tools: {} } });
  expect(list?.result).toEqual({ method: 'tools/list' });
  const files = await readdir(cacheDir);
  expect(files).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
  expect((await stat(join(cacheDir, String(files[0])))).mode & 0o077).toBe(0);
});

test.each([
  ['429', (res: ServerResponse): unknown => res.writeHead(429, { 'retry-after': '0' }).end()],
  ['503', (res: ServerResponse): unknown => res.writeHead(503, { 'retry-after': '1' }).end()],
  [
    '404 of a rollout',
    (res: ServerResponse): unknown => res.writeHead(404, { 'content-type': 'text/plain' }).end('no route'),
  ],
] as const)('a tool call refused with %s is sent again', async (_name, refuse) => {
  const { remote, client } = await connectTo(
    refuseFirst('tools/call', 2, (_seen, res) => {
      refuse(res);
      return true;
    }),
  );

  client.write(CALL);
  const answer = (await client.until('call')).at(-1);

  expect(answer?.result).toEqual({ method: 'tools/call' });
  const calls = remote.seen.filter(({ message }) => message?.method === 'tools/call');
  expect(calls).toHaveLength(3);
  expect(new Set(calls.map(({ message }) => message?.id)).size).toBe(3);
});

test('a Retry-After beyond the patience of the client is an error at once', async () => {
  const { client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'tools/list') return false;
    res.writeHead(503, { 'retry-after': '3600' }).end();
    return true;
  });

  client.write(LIST);
  const answer = (await client.until('list')).at(-1);

  expect(answer?.error?.message).toMatch(/Try again in 3600 s/);
});

test.each([
  ['cut before the answer', (res: ServerResponse): unknown => res.destroy()],
  ['cut in the middle of a stream', (res: ServerResponse): unknown => openEvents(res) && res.end()],
  [
    'answered with a web page',
    (res: ServerResponse): unknown => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  ],
  [
    'answered with half of the JSON',
    (res: ServerResponse): unknown => res.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc"'),
  ],
  ['answered with 502', (res: ServerResponse): unknown => res.writeHead(502).end('bad gateway')],
] as const)('a list %s is asked for again, and a tool call is not', async (_name, spoil) => {
  const spoilIt: Script = (_seen, res) => {
    spoil(res);
    return true;
  };
  const list = refuseFirst('tools/list', 2, spoilIt);
  const call = refuseFirst('tools/call', 9, spoilIt);
  const { remote, client } = await connectTo((seen, res) => list(seen, res) || call(seen, res));

  client.write(LIST);
  const answer = (await client.until('list')).at(-1);
  client.write(CALL);
  const refused = (await client.until('call')).at(-1);

  expect(answer?.result).toEqual({ method: 'tools/list' });
  expect(refused?.error?.code).toBe(-32000);
  expect(remote.seen.filter(({ message }) => message?.method === 'tools/call')).toHaveLength(1);
});

test(verifies('progress-increases', 'a call that waits for its server shows signs of life'), async () => {
  const refused = refuseFirst('tools/call', 1, (_seen, res) => {
    res.writeHead(503, { 'retry-after': '1' }).end();
    return true;
  });
  const { client } = await connectTo((seen, res) => {
    if (refused(seen, res)) return true;
    if (seen.message?.method !== 'tools/call') return false;
    openEvents(res);
    const progress = (value: number): string =>
      `data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":${value}}}\n\n`;
    res.end(`${progress(0)}${progress(1)}data: {"jsonrpc":"2.0","id":${seen.message.id},"result":{}}\n\n`);
    return true;
  });

  client.write({ ...CALL, params: { name: 'x', _meta: { progressToken: 't' } } });
  const messages = await client.until('call');

  const progress = messages.flatMap(({ params }) => (params?.progressToken === 't' ? [params.progress as number] : []));
  expect(progress.at(-1)).toBe(1);
  expect(progress.length).toBeGreaterThan(1);
  expect(progress).toEqual([...new Set(progress)].sort((a, b) => a - b));
});

test(
  verifies('session-renewed', 'a new session has the log level and the subscriptions of the former one'),
  async () => {
    let sessions = 0;
    const { remote, client } = await connectTo(({ message, headers }, res) => {
      if (message?.method === 'initialize') {
        sessions += 1;
        const result = { protocolVersion: '2025-06-18', capabilities: { logging: {}, resources: { subscribe: true } } };
        const session = { 'mcp-session-id': `session-${sessions}` };
        return sendJson(res, { jsonrpc: '2.0', id: message.id, result }, { headers: session });
      }
      if (message?.method !== 'tools/call' || headers['mcp-session-id'] !== 'session-1') return false;
      res.writeHead(404).end();
      return true;
    });
    client.write({ jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'debug' } });
    client.write({ jsonrpc: '2.0', id: 2, method: 'resources/subscribe', params: { uri: 'test://a' } });
    await client.until(2);

    client.write(CALL);
    const messages = await client.until('call');

    expect(messages.at(-1)?.result).toEqual({ method: 'tools/call' });
    const restored = remote.seen.filter(({ headers, message }) => headers['mcp-session-id'] === 'session-2' && message);
    expect(restored.map(({ message }) => [message?.method, message?.params])).toEqual([
      ['notifications/initialized', undefined],
      ['logging/setLevel', { level: 'debug' }],
      ['resources/subscribe', { uri: 'test://a' }],
      ['tools/call', { name: 'x' }],
    ]);
    expect(messages.map(({ method, params }) => [method, params?.uri])).toContainEqual([
      'notifications/resources/updated',
      'test://a',
    ]);
  },
);

test('a wrapper killed and started again under load loses tool calls only, and answers them all', async () => {
  const port = await freePort();
  const wrapper = await startWrapper({ args: ['--port', String(port)] });
  const client = start(wrapper.url);
  client.write(INITIALIZE, INITIALIZED);
  await client.until(0);
  const lists = Array.from({ length: 20 }, (_, i) => ({ ...LIST, id: `list-${i}` }));
  const hang = { ...CALL, id: 'hang', params: { name: 'hang' } };
  client.write(hang);
  const received = { ...CALL, id: 'received', params: { name: 'received' } };
  do client.write(received);
  while (!(await client.until('received')).at(-1)?.result.content[0].text.includes('"hang"'));
  client.write(...lists);

  wrapper.kill('SIGKILL');
  await wrapper.exited;
  client.write({ ...LIST, id: 'while-down' });
  await startWrapper({ args: ['--port', String(port)] });
  const expected = new Set<unknown>(['hang', 'while-down', ...lists.map(({ id }) => id)]);
  const answers = new Map<unknown, Message>();
  while (answers.size < expected.size) {
    const message = await client.next();
    if (expected.has(message.id)) answers.set(message.id, message);
  }

  const failed = [...answers].filter(([, { error }]) => error).map(([id]) => id);
  expect(failed).toEqual(['hang']);
});

test('a list that hangs is an error when the patience of the client is at its end', async () => {
  const remote = await startRemote(({ message }) => message?.method === 'tools/list');
  const client = start(remote.url, { MCP_CONNECT_PATIENCE_MS: '3000' });
  client.write(INITIALIZE, INITIALIZED, LIST);

  const answer = (await client.until('list')).at(-1);

  expect(answer?.error?.message).toMatch(/did not answer in time/);
  expect(answer?.error?.message).not.toMatch(/carried out/);
});

test('a tool call that hangs is an error after the time that was set for it', async () => {
  const remote = await startRemote(({ message }) => message?.method === 'tools/call');
  const client = start(remote.url, { MCP_CONNECT_CALL_TIMEOUT_MS: '1000' });
  client.write(INITIALIZE, INITIALIZED, CALL);

  const answer = (await client.until('call')).at(-1);

  expect(answer?.error?.message).toMatch(/did not answer in time .+ look before you repeat it/);
  expect(remote.seen.filter(({ message }) => message?.method === 'tools/call')).toHaveLength(1);
});

/** Answers a tool call with an event to go on after, and the rest of its stream by `rest`. */
function cutCall(retryMs: number, rest: Script): Script {
  return (seen, res) => {
    if (seen.method === 'GET') return seen.headers['last-event-id'] === undefined ? false : rest(seen, res);
    if (seen.message?.method !== 'tools/call') return false;
    openEvents(res);
    res.end(`id: 1\nretry: ${retryMs}\ndata:\n\n`);
    return true;
  };
}

test('a call whose stream fell silent after a sign of life is given up in time', async () => {
  const { url } = await startRemote(({ message }, res) => {
    if (message?.method !== 'tools/call') return false;
    openEvents(res);
    return res.write(': still here\n\n');
  });
  const client = start(url, { MCP_CONNECT_CALL_TIMEOUT_MS: '1000' });

  client.write(INITIALIZE, INITIALIZED, CALL);
  const answer = (await client.until('call')).at(-1);

  expect(answer?.error?.code).toBe(-32_000);
});

test.each([
  ['asks for a pause without end', cutCall(999_999_999, () => true)],
  ['never says more', cutCall(10, () => true)],
  ['never says more in an open stream', cutCall(10, (_seen, res) => openEvents(res))],
])('a call whose stream was cut by a server that %s is given up in time', async (_name, script) => {
  const { url } = await startRemote(script);
  const client = start(url, { MCP_CONNECT_CALL_TIMEOUT_MS: '1000' });

  client.write(INITIALIZE, INITIALIZED, CALL);
  const answer = (await client.until('call')).at(-1);

  expect(answer?.error?.code).toBe(-32_000);
});

test('a call goes on by Last-Event-ID as often as the server has something new to say', async () => {
  let next = 2;
  const { url, seen } = await startRemote(
    cutCall(10, ({ headers }, res) => {
      expect(headers['last-event-id']).toBe(String(next - 1));
      openEvents(res);
      const id = seen.find(({ message }) => message?.method === 'tools/call')?.message?.id;
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result: { done: true } });
      res.end(`id: ${next}\ndata:${next > 15 ? ` ${answer}` : ''}\n\n`);
      next += 1;
      return true;
    }),
  );
  const client = start(url);

  client.write(INITIALIZE, INITIALIZED, CALL);
  const answer = (await client.until('call')).at(-1);

  expect(answer?.result).toEqual({ done: true });
});

test('a server that forgets every session is an error, not a loop', async () => {
  const { remote, client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'tools/call') return false;
    res.writeHead(404, { 'content-type': 'text/plain', 'retry-after': '60' }).end();
    return true;
  });

  client.write(CALL);
  const answer = (await client.until('call')).at(-1);

  expect(answer?.error?.data).toMatchObject({ reason: 'http', status: 404 });
  expect(remote.seen.filter(({ message }) => message?.method === 'tools/call').length).toBeLessThan(10);
});
