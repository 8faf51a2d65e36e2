import { afterEach, expect, test } from '@jest/globals';
import { type ConnectProcess, killStarted, type Message, startConnect } from './connect-process.ts';
import { openEvents, type Script, type ScriptedRemote, sendJson, startRemote, stopRemotes } from './scripted-remote.ts';
import { verifies } from './verifies.ts';

afterEach(async () => {
  await killStarted();
  await stopRemotes();
});

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' };

const META = { [VERSION]: '2026-07-28', [CAPABILITIES]: {} };

function modern(id: string, method: string, params: object = {}): object {
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta: META } };
}

interface Peers {
  remote: ScriptedRemote;
  client: ConnectProcess;
}

/** A server of 2026-07-28 that answers `server/discover` with these capabilities, and the rest by `script`. */
async function connectToModern(capabilities: object, script: Script = () => false): Promise<Peers> {
  const remote = await startRemote(
    (seen, res) => {
      if (script(seen, res)) return true;
      if (seen.message?.method !== 'server/discover') return false;
      const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities, ttlMs: 0 };
      return sendJson(res, { jsonrpc: '2.0', id: seen.message.id, result });
    },
    { isModern: true },
  );
  return { remote, client: startConnect([remote.url]) };
}

async function connectToLegacy(capabilities: object, script: Script = () => false): Promise<Peers> {
  const remote = await startRemote((seen, res) => {
    if (script(seen, res)) return true;
    if (seen.message?.method !== 'initialize') return false;
    const result = { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'old', version: '1' } };
    return sendJson(res, { jsonrpc: '2.0', id: seen.message.id, result }, { headers: { 'mcp-session-id': 's' } });
  });
  return { remote, client: startConnect([remote.url]) };
}

test(
  verifies('listen-for-legacy', 'a legacy client hears of list changes and watched resources of a modern server'),
  async () => {
    const streams: { filter: unknown; send: (method: string, params: object) => void }[] = [];
    const { client } = await connectToModern(
      { tools: { listChanged: true }, resources: { subscribe: true } },
      ({ message }, res) => {
        if (message?.method !== 'subscriptions/listen') return false;
        openEvents(res);
        const send = (method: string, params: object): void => {
          const note = { jsonrpc: '2.0', method, params: { ...params, _meta: { [SUBSCRIPTION]: message.id } } };
          res.write(`data: ${JSON.stringify(note)}\n\n`);
        };
        const filter = message.params?.notifications;
        streams.push({ filter, send });
        send('notifications/subscriptions/acknowledged', { notifications: filter as object });
        return true;
      },
    );
    client.write(INITIALIZE, INITIALIZED);
    client.write({ jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params: { uri: 'test://a' } });
    const messages = await client.until(1);

    streams.at(-1)?.send('notifications/tools/list_changed', {});
    streams.at(-1)?.send('notifications/resources/updated', { uri: 'test://a' });
    const heard = [await client.next(), await client.next()];

    expect(messages[0]?.result).toMatchObject({ protocolVersion: '2025-06-18', capabilities: { tools: {} } });
    expect(streams.at(-1)?.filter).toEqual({ toolsListChanged: true, resourceSubscriptions: ['test://a'] });
    expect(heard.map(({ method, params }) => [method, params])).toEqual([
      ['notifications/tools/list_changed', {}],
      ['notifications/resources/updated', { uri: 'test://a' }],
    ]);
  },
);

test(
  verifies(['listen-emulated', 'listen-id'], 'a modern client hears of changes of a legacy server by its own listen'),
  async () => {
    let send = (_method: string, _params: object): void => {};
    const { remote, client } = await connectToLegacy(
      { tools: { listChanged: true }, resources: { subscribe: true } },
      ({ method }, res) => {
        if (method !== 'GET') return false;
        openEvents(res);
        send = (name, params) => res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: name, params })}\n\n`);
        return true;
      },
    );
    const wanted = { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: ['test://a'] };
    client.write(modern('listen', 'subscriptions/listen', { notifications: wanted }));
    const acknowledged = await client.next();
    await remote.sees(({ method }) => method === 'GET');

    send('notifications/resources/updated', { uri: 'test://a' });
    send('notifications/tools/list_changed', {});
    send('notifications/resources/updated', { uri: 'test://another' });
    client.write(modern('after', 'tools/list'));
    const heard = [await client.next(), await client.next()];

    const subscription = { _meta: { [SUBSCRIPTION]: 'listen' } };
    const agreed = { toolsListChanged: true, resourceSubscriptions: ['test://a'] };
    expect(acknowledged.params).toEqual({ ...subscription, notifications: agreed });
    expect(heard.map(({ method, params }) => [method, params])).toEqual([
      ['notifications/resources/updated', { uri: 'test://a', ...subscription }],
      ['notifications/tools/list_changed', subscription],
    ]);
  },
);

test(verifies('listen-id', 'a listen of a modern client at a modern server carries the id of the client'), async () => {
  const { remote, client } = await connectToModern({}, ({ message }, res) => {
    if (message?.method !== 'subscriptions/listen') return false;
    openEvents(res);
    const note = {
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta: { [SUBSCRIPTION]: message.id } },
    };
    return res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...note })}\n\n`);
  });

  client.write(modern('mine', 'subscriptions/listen', { notifications: {} }));
  const acknowledged = await client.next();

  expect(acknowledged.params?._meta).toEqual({ [SUBSCRIPTION]: 'mine' });
  const sent = remote.seen.find(({ message }) => message?.method === 'subscriptions/listen');
  expect(sent?.message?.id).not.toBe('mine');
});

test(
  verifies(
    'http-cancel-closes',
    'a call cancelled by its client is cancelled at a modern server by closing its stream',
  ),
  async () => {
    let closed: Promise<void> | undefined;
    const { remote, client } = await connectToModern({}, ({ message }, res) => {
      if (message?.method !== 'tools/call') return false;
      closed = new Promise((resolve) => res.once('close', resolve));
      return openEvents(res);
    });
    client.write(modern('call', 'tools/call', { name: 'x' }));
    await remote.sees(({ message }) => message?.method === 'tools/call');

    client.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'call' } });

    await closed;
    expect(remote.seen.map(({ message }) => message?.method)).not.toContain('notifications/cancelled');
  },
);

test(
  verifies(
    ['header-mismatch-retry', 'header-invalid-warned'],
    'a call refused for its headers is sent again when the tools were listed',
  ),
  async () => {
    const schema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
    const broken = { type: 'object', properties: { at: { type: 'number', 'x-mcp-header': 'At' } } };
    const { remote, client } = await connectToModern({}, ({ message, headers }, res) => {
      if (message?.method === 'tools/list') {
        const tools = [
          { name: 'x', inputSchema: schema },
          { name: 'bad', inputSchema: broken },
        ];
        return sendJson(res, { jsonrpc: '2.0', id: message.id, result: { resultType: 'complete', tools } });
      }
      if (message?.method !== 'tools/call' || headers['mcp-param-region'] !== undefined) return false;
      const error = { code: -32020, message: 'Header mismatch' };
      return sendJson(res, { jsonrpc: '2.0', id: message.id, error }, { status: 400 });
    });

    client.write(modern('call', 'tools/call', { name: 'x', arguments: { region: 'Brno–střed' } }));
    const answer = (await client.until('call')).at(-1);

    expect(answer?.result).toMatchObject({ method: 'tools/call' });
    const encoded = Buffer.from('Brno–střed').toString('base64');
    expect(remote.seen.at(-1)?.headers['mcp-param-region']).toBe(`=?base64?${encoded}?=`);
    client.endInput();
    await client.exited;
    expect(client.stderr()).toMatch(/the tool "bad" is left out: .*at/);
  },
);

test('a modern server whose first answer was a proxy’s 404 is spoken to as what it is', async () => {
  let answers = 0;
  const { client } = await connectToModern({}, ({ message }, res) => {
    answers += 1;
    if (answers === 1) {
      res.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>');
      return true;
    }
    if (message?.method !== 'initialize') return false;
    const error = { code: -32602, message: 'Missing _meta' };
    return sendJson(res, { jsonrpc: '2.0', id: message.id, error }, { status: 400 });
  });

  client.write(INITIALIZE);
  const answer = (await client.until(0)).at(-1);

  expect(answer?.error).toBeUndefined();
});

test('a call refused for its headers has an answer, though the pages of tools never end', async () => {
  let pages = 0;
  const { client } = await connectToModern({}, ({ message }, res) => {
    if (message?.method === 'tools/list') {
      pages += 1;
      const result = { resultType: 'complete', tools: [], nextCursor: `page-${pages}` };
      return sendJson(res, { jsonrpc: '2.0', id: message.id, result });
    }
    if (message?.method !== 'tools/call') return false;
    const error = { code: -32020, message: 'Header mismatch' };
    return sendJson(res, { jsonrpc: '2.0', id: message.id, error }, { status: 400 });
  });

  client.write(modern('call', 'tools/call', { name: 'x', arguments: {} }));
  const answer = (await client.until('call')).at(-1);

  expect(answer?.error?.code).toBe(-32020);
});

test(
  verifies(
    'http-no-responses',
    'what a modern server wants to know is asked of a legacy client, and no response is sent',
  ),
  async () => {
    const { remote, client } = await connectToModern({}, ({ message }, res) => {
      if (message?.method !== 'tools/call' || message.params?.inputResponses) return false;
      const inputRequests = { who: { method: 'roots/list' } };
      const result = { resultType: 'input_required', inputRequests, requestState: 'opaque' };
      return sendJson(res, { jsonrpc: '2.0', id: message.id, result });
    });
    client.write(INITIALIZE, INITIALIZED, { jsonrpc: '2.0', id: 'call', method: 'tools/call', params: { name: 'x' } });
    await client.until(0);

    const ask = await client.next();
    client.write({ jsonrpc: '2.0', id: ask.id, result: { roots: [] } });
    const answer = await client.next();

    expect(ask.method).toBe('roots/list');
    expect(answer).toMatchObject({ id: 'call', result: { method: 'tools/call' } });
    const posts: (Message | undefined)[] = remote.seen.map(({ message }) => message);
    expect(posts.every((message) => message?.method !== undefined)).toBe(true);
    expect(posts.at(-1)?.params).toMatchObject({ inputResponses: { who: { roots: [] } }, requestState: 'opaque' });
  },
);

test(verifies('ping-answered', 'a ping of a legacy server is answered, whatever the era of the client'), async () => {
  const { remote, client } = await connectToLegacy({}, ({ method }, res) => {
    if (method !== 'GET') return false;
    openEvents(res);
    return res.write('data: {"jsonrpc":"2.0","id":"alive?","method":"ping"}\n\n');
  });

  client.write(modern('list', 'tools/list'));

  const pong = await remote.sees(({ message }) => message?.id === 'alive?');
  expect(pong.message?.result).toEqual({});
});

test(verifies('era-cached', 'a legacy server that became a modern one is asked anew'), async () => {
  let isModern = false;
  const { remote, client } = await connectToModern({ tools: {} }, ({ message, headers }, res) => {
    if (isModern) {
      if (headers['mcp-protocol-version'] === '2026-07-28') return false;
      res.writeHead(message?.method === 'initialize' ? 400 : 404).end();
      return true;
    }
    if (message?.method !== 'server/discover') return false;
    res.writeHead(400).end();
    return true;
  });
  client.write(INITIALIZE, INITIALIZED);
  await client.until(0);

  isModern = true;
  client.write({ jsonrpc: '2.0', id: 'list', method: 'tools/list' });
  const answer = (await client.until('list')).at(-1);

  expect(answer?.result).toEqual({ method: 'tools/list' });
  expect(remote.seen.at(-1)?.headers['mcp-protocol-version']).toBe('2026-07-28');
});

test('a tool call that a modern server refuses with 400 and no more is not sent again; the server is asked anew', async () => {
  let asked = 0;
  const { remote, client } = await connectToModern({ tools: {} }, ({ message }, res) => {
    if (message?.method === 'server/discover') asked++;
    if (message?.method !== 'tools/call') return false;
    res.writeHead(400).end();
    return true;
  });
  client.write(INITIALIZE, INITIALIZED, { jsonrpc: '2.0', id: 'call', method: 'tools/call', params: { name: 'x' } });

  const call = (await client.until('call')).at(-1);
  client.write({ jsonrpc: '2.0', id: 'list', method: 'tools/list' });
  const list = (await client.until('list')).at(-1);

  expect(call?.error?.message).toMatch(/answered 400/);
  expect(remote.seen.filter(({ message }) => message?.method === 'tools/call')).toHaveLength(1);
  expect(list?.result).toBeDefined();
  expect(asked).toBe(2);
});
