import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { LINE_BYTES_MAX } from '../src/bridge/limits.ts';
import { killStarted, startConnect } from './connect-process.ts';
import { openEvents, type Script, type ScriptedRemote, sendJson, startRemote, stopRemotes } from './scripted-remote.ts';
import { verifies } from './verifies.ts';

afterEach(async () => {
  await killStarted();
  await stopRemotes();
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

/** For errors that come when the patience of the client is at its end. */
const IMPATIENT = { MCP_CONNECT_PATIENCE_MS: '3000' };

/** A remote with this script, and mcp-connect at it. */
async function connectTo(
  script?: Script,
  env: Record<string, string> = {},
): Promise<{ remote: ScriptedRemote; client: ReturnType<typeof startConnect> }> {
  const remote = await startRemote(script);
  const url = `http://{server-id}.localhost:${remote.port}/mcp`;
  return {
    remote,
    client: startConnect(['hello-q7m2d4'], { MCP_CONNECT_URL: url, MCP_CONNECT_KEY: 'mcp_key', ...env }),
  };
}

function isMethod(method: string): (seen: { message: { method?: string } | undefined }) => boolean {
  return ({ message }) => message?.method === method;
}

test(
  verifies(
    ['http-accept', 'session-id-sent', 'header-version', 'era-fall-back'],
    'connect sends key, host, session and version where they belong, and keeps id 0',
  ),
  async () => {
    const { remote, client } = await connectTo();

    client.write(INITIALIZE, INITIALIZED, LIST);
    const [initialized] = await client.until(0);
    const [list] = await client.until('list');

    expect(initialized).toMatchObject({ id: 0, result: { protocolVersion: '2025-06-18' } });
    expect(list?.result).toEqual({ method: 'tools/list' });
    const [first, second, ...others] = remote.seen;
    expect(first?.headers).toMatchObject({
      host: `hello-q7m2d4.localhost:${remote.port}`,
      authorization: 'Bearer mcp_key',
      accept: 'application/json, text/event-stream',
      'user-agent': expect.stringContaining('mcp-connect/'),
    });
    expect(first?.headers['mcp-session-id']).toBeUndefined();
    expect(second?.message?.method).toBe('notifications/initialized');
    for (const { headers } of [second, ...others].filter((seen) => seen !== undefined)) {
      expect(headers).toMatchObject({ 'mcp-session-id': 'session-1', 'mcp-protocol-version': '2025-06-18' });
    }
  },
);

test('connect hands on what comes on the listening stream, and the client’s answer to it', async () => {
  const { remote, client } = await connectTo(({ method }, res) => {
    if (method !== 'GET') return false;
    openEvents(res);
    return res.write('data: {"jsonrpc":"2.0","id":"ask","method":"roots/list"}\n\n');
  });
  client.write(INITIALIZE, INITIALIZED);

  const messages = [await client.next(), await client.next()];
  client.write({ jsonrpc: '2.0', id: messages.at(-1)?.id, result: { roots: [] } });
  const answer = await remote.sees(({ message }) => message?.id === 'ask');

  expect(messages.at(-1)?.method).toBe('roots/list');
  expect(answer.message?.result).toEqual({ roots: [] });
});

test(
  verifies(
    ['http-both-answers', 'http-ignore-comments'],
    'connect reads event streams cut anywhere, with comments, \\r\\n and many data lines',
  ),
  async () => {
    const text = 'žluťoučký 🐴';
    const { client } = await connectTo(({ message }, res) => {
      if (message?.method !== 'tools/call') return false;
      openEvents(res);
      const events = [
        ': keep-alive\r\n\r\n',
        'id: 1\r\ndata:\r\n\r\n',
        'event: other\ndata: {"jsonrpc":"2.0","method":"not/for/mcp"}\n\n',
        'event: message\r\ndata: {"jsonrpc":"2.0","method":"notifications/progress",\r\ndata: "params":{"progress":1}}\r\n\r\n',
        `data:{"jsonrpc":"2.0","id":${message.id},"result":{"text":"${text}"}}\n\n`,
      ];
      const bytes = Buffer.from(events.join(''));
      const writeByte = (at: number): void => {
        if (at === bytes.length) res.end();
        else res.write(bytes.subarray(at, at + 1), () => writeByte(at + 1));
      };
      writeByte(0);
      return true;
    });

    client.write(INITIALIZE, INITIALIZED, CALL);
    const messages = await client.until('call');

    expect(messages.slice(1)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } },
      { jsonrpc: '2.0', id: 'call', result: { text } },
    ]);
  },
);

test('connect opens a new session when the old one is gone, without the client noticing', async () => {
  const { remote, client } = await connectTo(({ message, headers }, res) => {
    if (message?.method === 'initialize' && remoteSessions++ > 0) {
      const result = { protocolVersion: '2025-06-18', capabilities: { tools: { listChanged: true } }, serverInfo: {} };
      return sendJson(res, { jsonrpc: '2.0', id: message.id, result }, { headers: { 'mcp-session-id': 'session-2' } });
    }
    if (headers['mcp-session-id'] !== 'session-1' || message?.id === undefined) return false;
    return sendJson(res, { jsonrpc: '2.0', id: message.id, error: { code: -32001, message: 'gone' } }, { status: 404 });
  });
  let remoteSessions = 0;

  client.write(INITIALIZE, INITIALIZED, LIST, CALL, { ...LIST, id: 'again' });
  const messages = [
    await client.next(),
    await client.next(),
    await client.next(),
    await client.next(),
    await client.next(),
  ];

  const answers = Object.fromEntries(messages.map(({ id, result, method }) => [id ?? method, result]));
  expect(answers).toEqual({
    0: expect.anything(),
    list: { method: 'tools/list' },
    call: { method: 'tools/call' },
    again: { method: 'tools/list' },
    'notifications/tools/list_changed': undefined,
  });
  expect(remote.seen.filter(isMethod('initialize'))).toHaveLength(2);
  expect(remote.seen.filter(isMethod('notifications/initialized'))).toHaveLength(2);
});

test.each([
  ['before the answer', false],
  ['in the middle of a stream', true],
])('connect answers a call with an error when the connection is lost %s', async (_when, isStream) => {
  const { remote, client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'tools/call') return false;
    if (isStream) openEvents(res);
    setImmediate(() => res.destroy());
    return true;
  });

  client.write(INITIALIZE, INITIALIZED, CALL);
  const answer = (await client.until('call')).at(-1);

  expect(answer?.error?.code).toBe(-32000);
  expect(answer?.error?.message).toMatch(/^Cannot reach hello-q7m2d4: the connection ended before the server answered/);
  expect(remote.seen.filter(isMethod('tools/call'))).toHaveLength(1);
});

test('connect answers a call with an error when the stream ends without the answer', async () => {
  const { client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'tools/call') return false;
    openEvents(res);
    res.end('data: {"jsonrpc":"2.0","id":"another","result":{}}\n\n');
    return true;
  });

  client.write(INITIALIZE, INITIALIZED, CALL);
  const messages = await client.until('call');

  expect(messages.map(({ id }) => id)).toEqual([0, 'call']);
  expect(messages.at(-1)?.error?.data).toEqual({ reason: 'unanswered' });
});

test(
  verifies(['cancel-no-answer', 'stdio-cancel'], 'connect gives no answer to a call that the client cancelled'),
  async () => {
    const { remote, client } = await connectTo(({ message }, res) => {
      if (message?.method === 'notifications/cancelled') held?.end();
      if (message?.method !== 'tools/call') return false;
      held = res;
      return openEvents(res);
    });
    let held: Parameters<Script>[1] | undefined;
    client.write(INITIALIZE, INITIALIZED, CALL);
    await remote.sees(isMethod('tools/call'));

    client.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'call' } });
    await remote.sees(isMethod('notifications/cancelled'));
    client.write(LIST);
    await client.until('list');
    client.endInput();

    expect(await client.exited).toBe(0);
    expect(client.stdout()).not.toContain('"call"');
  },
);

test('connect sends nothing before initialize is answered', async () => {
  const { remote, client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'initialize') return false;
    held = () => sendJson(res, { jsonrpc: '2.0', id: message.id, result: { protocolVersion: '2025-06-18' } });
    return true;
  });
  let held: (() => true) | undefined;
  client.write(INITIALIZE, INITIALIZED, LIST);
  await remote.sees(isMethod('initialize'));
  const seenBefore = remote.seen.length;

  held?.();
  await client.until('list');

  expect(seenBefore).toBe(1);
  const order = remote.seen.map(({ message }) => message?.method).filter((method) => method !== undefined);
  expect(order).toEqual(['initialize', 'notifications/initialized', 'tools/list']);
});

test(
  verifies(
    'session-ended',
    'connect delivers the answers that are under way when the input ends, says goodbye and exits with 0',
  ),
  async () => {
    const { remote, client } = await connectTo(({ message }, res) => {
      if (message?.method !== 'tools/call') return false;
      held = () => {
        sendJson(res, { jsonrpc: '2.0', id: message.id, result: { late: true } });
        return once(res, 'finish');
      };
      return true;
    });
    let held: (() => Promise<unknown>) | undefined;
    client.write(INITIALIZE, INITIALIZED, CALL);
    await remote.sees(isMethod('tools/call'));

    // It finds the end of its input and the answer at once, however slow the machine.
    client.kill('SIGSTOP');
    client.endInput();
    await held?.();
    client.kill('SIGCONT');

    expect((await client.until('call')).at(-1)?.result).toEqual({ late: true });
    expect(await client.exited).toBe(0);
    expect((await remote.sees(({ method }) => method === 'DELETE')).headers['mcp-session-id']).toBe('session-1');
  },
);

test.each([['SIGTERM'], ['SIGINT']] as const)('connect ends on %s with a call open', async (signal) => {
  const { remote, client } = await connectTo(({ message }) => message?.method === 'tools/call');
  client.write(INITIALIZE, INITIALIZED, CALL);
  await remote.sees(isMethod('tools/call'));

  client.kill(signal);

  expect(await client.exited).toBe(0);
});

test('connect answers what is no message, and goes on', async () => {
  const { client } = await connectTo();

  client.writeRaw('not json\n\n  \n{"jsonrpc":"2.0","id":5}\n7\n[]\n[[]]\n');
  client.writeRaw(
    '{"jsonrpc":"2.0","id":6,"method":"ping","params":[1]}\n{"jsonrpc":"2.0","id":1e400,"method":"ping"}\n',
  );
  client.write(INITIALIZE);
  const messages = await client.until(0);

  expect(messages.map(({ id, error }) => [id, error?.code])).toEqual([
    [null, -32700],
    [5, -32600],
    [null, -32600],
    [null, -32600],
    [null, -32600],
    [6, -32600],
    [null, -32600],
    [0, undefined],
  ]);
});

test('connect passes integers beyond 2^53 both ways with all of their digits', async () => {
  const { remote, client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'tools/call') return false;
    res
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`{"jsonrpc":"2.0","id":${message.id},"result":{"content":[],"n":18446744073709551615}}`);
    return true;
  });

  client.write(INITIALIZE, INITIALIZED);
  client.writeRaw(`${JSON.stringify(CALL).slice(0, -2)},"arguments":{"id":9007199254740993}}}\n`);
  await client.until('call');
  const { text } = await remote.sees(isMethod('tools/call'));

  expect(text).toContain('"arguments":{"id":9007199254740993}');
  expect(client.stdout()).toContain('"n":18446744073709551615');
});

test('connect takes a byte order mark at the beginning, and lines that end by CRLF', async () => {
  const { client } = await connectTo();

  client.writeRaw(
    `\ufeff${JSON.stringify(INITIALIZE)}\r\n${JSON.stringify(INITIALIZED)}\r\n${JSON.stringify(LIST)}\r\n`,
  );
  const messages = await client.until('list');

  expect(messages.map(({ id, error }) => [id, error])).toEqual([
    [0, undefined],
    ['list', undefined],
  ]);
});

test('connect answers a request that is too long, and tells the server of an answer that was', async () => {
  const { remote, client } = await connectTo(({ method }, res) => {
    if (method !== 'GET') return false;
    openEvents(res);
    return res.write('data: {"jsonrpc":"2.0","id":"ask","method":"roots/list"}\n\n');
  });
  client.write(INITIALIZE, INITIALIZED);
  const ask = (await client.until('mcp-connect-1')).at(-1);

  const tooLong = ['x'.repeat(LINE_BYTES_MAX)];
  client.write({ ...CALL, params: tooLong }, { result: tooLong, jsonrpc: '2.0', id: ask?.id }, LIST);
  const messages = await client.until('list');

  expect(messages.map(({ id, error }) => [id, error?.code])).toEqual([
    ['call', -32_600],
    ['list', undefined],
  ]);
  const answer = await remote.sees(({ message }) => message?.id === 'ask');
  expect(answer.message?.error?.code).toBe(-32_600);
});

test('connect answers what is nested too deeply to be sent, or came so from the server', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const { remote, client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'tools/call') return false;
    openEvents(res);
    res.write(`data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":${deep}}}\n\n`);
    res.end(`data: {"jsonrpc":"2.0","id":${message.id},"result":{"content":${deep}}}\n\n`);
    return true;
  });

  client.write(INITIALIZE, INITIALIZED);
  client.writeRaw(`{"jsonrpc":"2.0","id":"out","method":"tools/list","params":{"a":${deep}}}\n`);
  const out = (await client.until('out')).at(-1);
  client.write(CALL);
  const [notice, call] = (await client.until('call')).slice(-2);

  expect(out?.error).toEqual({ code: -32600, message: 'The message is nested too deeply' });
  expect(notice).toEqual({ jsonrpc: '2.0', method: 'notifications/message' });
  expect(call?.error).toEqual({ code: -32603, message: 'The server answered with something nested too deeply' });
  expect(remote.seen.filter(isMethod('tools/list'))).toEqual([]);
});

test('connect answers initialize where the server’s answer is nested too deeply to be kept', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const { client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'initialize') return false;
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(`{"jsonrpc":"2.0","id":${message.id},"result":{"capabilities":{"experimental":${deep}}}}`);
    return true;
  });

  client.write(INITIALIZE);
  const answer = (await client.until(0)).at(-1);

  expect(answer?.error).toEqual({ code: -32603, message: 'The server answered with something nested too deeply' });
});

test.each([
  ['null as its result', { result: null }, 'a result that is no object', {}],
  ['a text as its error', { error: 'broken' }, 'an error without code or message', { error: 'broken' }],
])('connect makes an error that clients take of %s', async (_what, answer, said, data) => {
  const { client } = await connectTo(({ message }, res) => {
    if (message?.method !== 'tools/call') return false;
    return sendJson(res, { jsonrpc: '2.0', id: message.id, ...answer });
  });

  client.write(INITIALIZE, INITIALIZED, CALL);
  const { error } = (await client.until('call')).at(-1) ?? {};

  const message = `The server answered with ${said}`;
  expect(error).toEqual({ code: -32603, message, data: { reason: 'malformed-answer', ...data } });
});

test('connect reads characters that the client wrote in two chunks', async () => {
  const { remote, client } = await connectTo();
  const line = Buffer.from(`${JSON.stringify({ ...CALL, params: { name: 'kůň 🐴' } })}\n`);
  const cut = line.indexOf(Buffer.from('🐴')) + 2;

  client.write(INITIALIZE);
  await client.until(0);
  client.writeRaw(line.subarray(0, cut));
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.writeRaw(line.subarray(cut));
  await client.until('call');

  expect(remote.seen.at(-1)?.message?.params?.name).toBe('kůň 🐴');
});

test.each([
  [401, 'application/json', {}, /MCP_CONNECT_KEY/],
  [403, 'application/json', {}, /owner of the server/],
  [404, 'text/plain', {}, /server id and the URL/],
  [429, 'application/json', { 'retry-after': '7' }, /in 7 s/],
  [503, 'text/html', { 'retry-after': '2' }, /starting, restarting or stopped. Try again in 2 s/],
  [308, 'text/plain', { location: 'https://new.example.com/mcp' }, /https:\/\/new.example.com\/mcp/],
  [200, 'text/html', {}, /web page/],
  [500, 'text/html', {}, /web page/],
  [429, 'text/plain', { 'retry-after': 'soon' }, /Try again in a moment\.$/],
  [
    503,
    'text/plain',
    { 'retry-after': 'Wed, 21 Oct 2099 07:28:00 GMT' },
    /Try again after Wed, 21 Oct 2099 07:28:00 GMT\.$/,
  ],
  [302, 'text/plain', {}, /names no address: check the URL/],
  [200, 'text/plain', {}, /with text\/plain, which is not MCP. Check the URL/],
])('connect explains an answer with status %i as %s', async (status, type, headers, cure) => {
  const { client } = await connectTo((_seen, res) => {
    res.writeHead(status, { 'content-type': type, ...headers }).end('<html>gateway</html>');
    return true;
  }, IMPATIENT);

  client.write(INITIALIZE);
  const { id, error } = await client.next();

  expect(id).toBe(0);
  expect(error?.message).toMatch(cure);
  expect(error?.data).toMatchObject({ reason: 'http', status });
  expect(`${error?.message}${client.stderr()}`).not.toContain('mcp_key');
});

test.each([
  ['that refuses connections', 'http://127.0.0.1:1/mcp', /nothing listens at/],
  ['with an unknown name', 'http://nowhere.invalid/mcp', /is not known/],
])('connect explains an address %s, and stays for the next try', async (_name, url, message) => {
  const client = startConnect([url], IMPATIENT);

  client.write(INITIALIZE);
  const first = await client.next();
  client.write({ ...INITIALIZE, id: 1 });
  const second = await client.next();

  expect(first.error?.message).toMatch(message);
  expect(second.id).toBe(1);
  client.endInput();
  expect(await client.exited).toBe(0);
});

test(
  verifies(
    'stdio-only-messages',
    'connect drops what is no JSON-RPC from the server, so that stdout carries nothing else',
  ),
  async () => {
    const { client } = await connectTo(({ message }, res) => {
      if (message?.method !== 'tools/call') return false;
      openEvents(res);
      res.end(`data: {"hello":1}\n\ndata: [1]\n\ndata: {"jsonrpc":"2.0","id":${message.id},"result":1}\n\n`);
      return true;
    });

    client.write(INITIALIZE, INITIALIZED, CALL);
    const messages = await client.until('call');
    client.endInput();
    await client.exited;

    expect(messages.map(({ id }) => id)).toEqual([0, 'call']);
    expect(client.stdout().trim().split('\n')).toHaveLength(2);
  },
);
