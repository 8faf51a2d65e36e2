import { afterEach, expect, test } from '@jest/globals';
import { openSession, post, readAnswer } from './mcp-client.ts';
import { verifies } from './verifies.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

test(verifies('rpc-id-echoed', 'relay gives back every kind of id unchanged'), async () => {
  const { url } = await startWrapper();
  const client = await openSession(url);

  for (const id of [0, -1, 1.5, '0', '', 'ž🐴', Number.MAX_SAFE_INTEGER]) {
    const { last } = await client.request('tools/call', { name: 'echo', arguments: { message: 'hi' } }, id);
    expect(last.id).toStrictEqual(id);
    expect(last.result.content[0].text).toBe('hi');
  }
});

test(verifies('rpc-unique-ids', 'relay keeps calls with the same id of many clients apart'), async () => {
  const { url } = await startWrapper();
  const clients = await Promise.all(Array.from({ length: 20 }, () => openSession(url)));

  const answers = await Promise.all(clients.map((client, i) => client.call('echo', { message: `client ${i}` }, 7)));

  expect(answers).toEqual(clients.map((_, i) => `client ${i}`));
});

test(verifies('legacy-initialized-first', 'relay initialises the child once, whoever comes'), async () => {
  const { url } = await startWrapper();
  const first = await openSession(url);
  await first.notify('notifications/initialized');
  const second = await openSession(url);
  await second.notify('notifications/initialized');

  const received = JSON.parse(await second.call('received'));

  const methods = received.map(({ method }: { method: string }) => method);
  const probe = ['server/discover', 'ping'];
  expect(methods).toEqual([...probe, 'initialize', 'notifications/initialized', 'tools/call']);
});

test(
  verifies(
    ['legacy-initialize-version', 'legacy-session-id'],
    'initialize is answered with the version asked for, or the newest that the child knows',
  ),
  async () => {
    const { url } = await startWrapper();
    const versions = {
      '2025-06-18': '2025-06-18',
      '2024-11-05': '2024-11-05',
      '2025-11-25': '2025-06-18',
      '2026-07-28': '2025-06-18',
      nonsense: '2025-06-18',
    };

    for (const [asked, answered] of Object.entries(versions)) {
      const body = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: asked } };
      const { last, headers } = await readAnswer(await post(url, body));
      expect(last).toMatchObject({ id: 0, result: { protocolVersion: answered, serverInfo: { name: 'fixture' } } });
      expect(headers.get('mcp-session-id')).toMatch(/^[\x21-\x7e]{20,}$/);
    }
  },
);

test(
  verifies(['http-notification-202', 'rpc-no-answer-to-notification'], 'notification is accepted without an answer'),
  async () => {
    const { url } = await startWrapper();
    const client = await openSession(url);

    const response = await client.notify('notifications/initialized');

    expect(response.status).toBe(202);
    expect(await response.text()).toBe('');
  },
);

test(verifies('rpc-utf8', 'relay passes a character that the child wrote in two chunks'), async () => {
  const { url } = await startWrapper();
  const client = await openSession(url);

  expect(await client.call('split')).toBe('žluťoučký 🐴 kůň');
});

test(
  verifies('progress-token', 'progress goes in front of the answer of its own call, with the token the client chose'),
  async () => {
    const { url } = await startWrapper();
    const clients = await Promise.all([openSession(url), openSession(url)]);

    const answers = await Promise.all(
      clients.map((client) => client.request('tools/call', { name: 'progress', _meta: { progressToken: 'same' } }, 1)),
    );

    for (const { messages } of answers) {
      const progress = messages.slice(0, -1).map(({ method, params }) => ({ method, ...params }));
      const method = 'notifications/progress';
      expect(progress).toEqual([
        { method, progressToken: 'same', progress: 1 },
        { method, progressToken: 'same', progress: 2 },
      ]);
      expect(messages.at(-1)?.result.content[0].text).toBe('done');
    }
  },
);

test(verifies('http-answer-type', 'call is answered as plain JSON when nothing comes before the answer'), async () => {
  const { url } = await startWrapper();
  const client = await openSession(url);

  const { headers } = await client.request('tools/list');

  expect(headers.get('content-type')).toBe('application/json');
});

test(verifies('http-answer-type', 'call of a client that takes event streams only is answered as one'), async () => {
  const { url } = await startWrapper();

  const body = { jsonrpc: '2.0', id: 4, method: 'tools/list' };
  const answer = await readAnswer(await post(url, body, { accept: 'text/event-stream' }));

  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  expect(answer.last.id).toBe(4);
});

test(
  verifies(
    ['cancel-known-only', 'stdio-cancel'],
    'cancellation reaches the child with the id it knows, and ends only the stream of that call',
  ),
  async () => {
    const { url } = await startWrapper();
    const [one, other] = await Promise.all([openSession(url), openSession(url)]);
    const cancelled = one.request('tools/call', { name: 'gate' }, 'x');
    const kept = other.call('gate', {}, 'x');
    while (countCalls(await other.call('received', {}, 'order'), 'gate') < 2);

    await one.notify('notifications/cancelled', { requestId: 'x', reason: 'changed my mind' });
    const answer = await cancelled;
    const received = JSON.parse(await other.call('received', {}, 'then'));
    await other.call('open', {}, 'last');

    const gates = received.filter(({ params }: { params: { name?: string } }) => params?.name === 'gate');
    const notice = received.find(({ method }: { method: string }) => method === 'notifications/cancelled');
    expect(gates.map(({ id }: { id: number }) => id)).toContain(notice.params.requestId);
    expect(notice.params.reason).toBe('changed my mind');
    expect(answer.messages).toEqual([]);
    expect(await kept).toBe('opened');
  },
);

test('request of the child is refused at once, and its ping answered', async () => {
  const { url } = await startWrapper();
  const client = await openSession(url);

  const refused = JSON.parse(await client.call('ask', { method: 'sampling/createMessage' }));
  const ping = JSON.parse(await client.call('ask', { method: 'ping' }));

  expect(refused.error.code).toBe(-32601);
  expect(ping.result).toEqual({});
});

test(
  verifies('legacy-one-stream', 'list_changed reaches every session once, also one that listens later'),
  async () => {
    const { url } = await startWrapper();
    const [early, late, caller] = await Promise.all([openSession(url), openSession(url), openSession(url)]);
    const earlyStream = await early.listen();

    await caller.call('notify', { method: 'notifications/tools/list_changed' });
    await caller.call('notify', { method: 'notifications/resources/list_changed' });
    const lateStream = await late.listen();

    for (const stream of [earlyStream, lateStream]) {
      expect((await stream.next()).value?.method).toBe('notifications/tools/list_changed');
      expect((await stream.next()).value?.method).toBe('notifications/resources/list_changed');
      stream.close();
    }
  },
);

test('resource update reaches the sessions that subscribed to it', async () => {
  const { url } = await startWrapper();
  const [subscriber, other] = await Promise.all([openSession(url), openSession(url)]);
  await subscriber.request('resources/subscribe', { uri: 'test://a' });
  await other.request('resources/subscribe', { uri: 'test://b' });
  const streams = await Promise.all([subscriber.listen(), other.listen()]);

  for (const uri of ['test://b', 'test://a']) {
    await other.call('notify', { method: 'notifications/resources/updated', params: { uri } });
  }

  expect((await streams[0].next()).value?.params).toEqual({ uri: 'test://a' });
  expect((await streams[1].next()).value?.params).toEqual({ uri: 'test://b' });
  for (const stream of streams) stream.close();
});

test('last of two subscribers unsubscribes the child, the first does not', async () => {
  const { url } = await startWrapper();
  const [one, two] = await Promise.all([openSession(url), openSession(url)]);
  for (const client of [one, two]) await client.request('resources/subscribe', { uri: 'test://a' });

  const answer = await one.request('resources/unsubscribe', { uri: 'test://a' });
  await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': two.sessionId } });
  const received = JSON.parse(await one.call('received'));

  const unsubscribed = received.filter(({ method }: { method: string }) => method === 'resources/unsubscribe');
  expect(answer.last.result).toEqual({});
  expect(unsubscribed).toHaveLength(1);
});

test('log message goes to the one client that has a call open, on the stream of the call', async () => {
  const { url } = await startWrapper();
  const [caller, other] = await Promise.all([openSession(url), openSession(url)]);
  await other.request('logging/setLevel', { level: 'debug' });

  const params = { level: 'info', data: 'for the caller' };
  const { messages } = await caller.request('tools/call', {
    name: 'notify',
    arguments: { method: 'notifications/message', params },
  });

  expect(messages.map(({ method }) => method)).toEqual(['notifications/message', undefined]);
});

test('child gets the most talkative log level of all sessions, and each session its own', async () => {
  const { url } = await startWrapper();
  const [quiet, chatty] = await Promise.all([openSession(url), openSession(url)]);
  await chatty.request('logging/setLevel', { level: 'debug' });
  await quiet.request('logging/setLevel', { level: 'error' });

  const params = { level: 'info', data: 'x' };
  const call = { name: 'notify', arguments: { method: 'notifications/message', params } };
  const toQuiet = await quiet.request('tools/call', call);
  const toChatty = await chatty.request('tools/call', call);
  const received = JSON.parse(await quiet.call('received'));

  const levels = received.filter(({ method }: { method: string }) => method === 'logging/setLevel');
  expect(levels.map((message: { params: { level: string } }) => message.params.level)).toEqual(['debug', 'debug']);
  expect([toQuiet.messages.length, toChatty.messages.length]).toEqual([1, 2]);
});

test('batch is answered as a batch, with the answers of its requests only', async () => {
  const { url } = await startWrapper();

  const response = await post(url, [
    { jsonrpc: '2.0', id: 0, method: 'tools/call', params: { name: 'echo', arguments: { message: 'a' } } },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 'b', method: 'ping' },
  ]);
  const body = (await response.json()) as { id: unknown }[];

  expect(body.map(({ id }) => id).sort()).toEqual([0, 'b']);
});

test.each([
  ['stray output', 'garbage'],
  ['a null error beside the result', 'nullError'],
  ['an answer in a batch', 'batched'],
  ['a notification nested too deeply for this process', 'deepNotice'],
])('%s of the child does no harm', async (_name, tool) => {
  const { url } = await startWrapper();
  const client = await openSession(url);

  expect(await client.call(tool)).toBe('done');
  expect(await client.call('echo', { message: 'still here' })).toBe('still here');
});

test('answer longer than the line limit becomes an error of its own call', async () => {
  const { url } = await startWrapper({ args: ['--line-bytes-max', '100000'] });
  const client = await openSession(url);

  const { last } = await client.request('tools/call', { name: 'big', arguments: { characters: 200_000 } }, 'large');

  expect(last).toMatchObject({ id: 'large', error: { code: -32603 } });
  expect(await client.call('echo', { message: 'still here' })).toBe('still here');
});

test('answer nested too deeply for this process becomes an error of its own call', async () => {
  const { url } = await startWrapper();
  const client = await openSession(url);

  const { last } = await client.request('tools/call', { name: 'deep' }, 'deep');

  expect(last.id).toBe('deep');
  expect(await client.call('echo', { message: 'still here' })).toBe('still here');
});

test.each([
  ['no object as its result', { result: 'x' }, 'a result that is no object'],
  ['null as its result', { result: null }, 'a result that is no object'],
  ['a text as its error', { error: 'broken' }, 'an error without code or message'],
  ['an error without code', { error: { message: 'broken' } }, 'an error without code or message'],
  ['neither result nor error', {}, 'a message that is no JSON-RPC 2.0 response'],
  ['another JSON-RPC', { jsonrpc: '1.0', result: {} }, 'a message that is no JSON-RPC 2.0 response'],
])('answer of the child with %s ends its call with an error that clients take', async (_what, answer, said) => {
  const { url } = await startWrapper();
  const client = await openSession(url);

  const { last } = await client.request('tools/call', { name: 'malformed', arguments: { answer } }, 'odd');

  const message = `The MCP server answered with ${said}`;
  const data = { reason: 'malformed-answer', ...('error' in answer && { error: answer.error }) };
  expect(last).toEqual({ jsonrpc: '2.0', id: 'odd', error: { code: -32603, message, data } });
});

test('messages of 8 MB pass both ways', async () => {
  const { url } = await startWrapper();
  const client = await openSession(url);
  const message = 'ž'.repeat(4 * 1024 * 1024);

  expect((await client.call('echo', { message })) === message).toBe(true);
});

test(
  verifies('timeout-cancels', 'call that the child never answers ends with an error, and the child is told'),
  async () => {
    const { url } = await startWrapper({ args: ['--request-timeout-ms', '3000'] });
    const client = await openSession(url);

    const { last } = await client.request('tools/call', { name: 'hang' }, 'slow');
    const received = JSON.parse(await client.call('received'));

    expect(last).toMatchObject({ id: 'slow', error: { code: -32001 } });
    expect(received.some(({ method }: { method: string }) => method === 'notifications/cancelled')).toBe(true);
  },
);

function countCalls(received: string, name: string): number {
  return JSON.parse(received).filter(({ params }: { params?: { name?: string } }) => params?.name === name).length;
}
