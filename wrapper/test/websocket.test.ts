import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { openSession } from './mcp-client.ts';
import { CAPABILITIES_KEY, SUBSCRIPTION_KEY, VERSION_KEY } from './modern-client.ts';
import { FIXTURE, killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

afterEach(killStarted);

// biome-ignore lint/suspicious/noExplicitAny: tests look into messages of any shape
type Message = any;

interface Connection {
  socket: WebSocket;
  send(message: object | string): void;
  /** The next message that came. */
  next(): Promise<Message>;
  ask(method: string, params?: object, id?: number): Promise<Message>;
  closed: Promise<[number, string]>;
}

async function connect({ origin }: WrapperProcess): Promise<Connection> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/mcp/stream`, 'mcp');
  const messages: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    const waiter = waiting.shift();
    if (waiter) waiter(message);
    else messages.push(message);
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close').then(([code, reason]) => [code, String(reason)] as [number, string]);
  await once(socket, 'open');
  const next = (): Promise<Message> =>
    messages.length > 0 ? Promise.resolve(messages.shift()) : new Promise((resolve) => waiting.push(resolve));
  const send = (message: object | string): void =>
    socket.send(typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message }));
  return {
    socket,
    send,
    next,
    closed,
    ask: (method, params = {}, id = 1) => {
      send({ id, method, params });
      return next();
    },
  };
}

/** What was sent before has been taken: frames are read in their order. */
async function arrived(socket: WebSocket): Promise<void> {
  socket.ping();
  await once(socket, 'pong');
}

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: { elicitation: {} },
  clientInfo: { name: 'test', version: '1' },
};
const MODERN = { _meta: { [VERSION_KEY]: '2026-07-28', [CAPABILITIES_KEY]: {} } };
const FORM = { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: { type: 'object' } } };
const TOOLS_CHANGED = 'notifications/tools/list_changed';

test('legacy client initialises, calls, and is asked by the server', async () => {
  const { ask, send, next } = await connect(await startWrapper());

  const opened = await ask('initialize', INITIALIZE);
  send({ method: 'notifications/initialized' });
  const question = await ask('tools/call', { name: 'need', arguments: { requests: { form: FORM } } }, 2);
  send({ id: question.id, result: { action: 'accept', content: { name: 'Ada' } } });
  const answer = await next();

  expect(opened).toMatchObject({ id: 1, result: { serverInfo: { name: 'fixture' } } });
  expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'Name?' } });
  expect(answer).toMatchObject({ id: 2 });
  expect(JSON.stringify(answer.result)).toContain('Ada');
});

test('modern client needs no initialize, listens, and calls beside it', async () => {
  const wrapper = await startWrapper();
  const { ask, next } = await connect(wrapper);

  const acknowledged = await ask('subscriptions/listen', { ...MODERN, notifications: { toolsListChanged: true } }, 7);
  const echo = await ask('tools/call', { ...MODERN, name: 'echo', arguments: { message: 'hi' } }, 8);
  await (await openSession(wrapper.url)).call('notify', { method: TOOLS_CHANGED });
  const notice = await next();

  expect(acknowledged).toMatchObject({ params: { _meta: { [SUBSCRIPTION_KEY]: 7 } } });
  expect(echo).toMatchObject({ id: 8, result: { resultType: 'complete', content: [{ text: 'hi' }] } });
  expect(notice).toMatchObject({ method: TOOLS_CHANGED, params: { _meta: { [SUBSCRIPTION_KEY]: 7 } } });
});

test.each([
  ['legacy', {}],
  ['modern', MODERN],
])('%s client cancels by a notification, and closing cancels the rest', async (era, params) => {
  const wrapper = await startWrapper();
  const watcher = await openSession(wrapper.url);
  const { ask, send, socket } = await connect(wrapper);
  if (era === 'legacy') await ask('initialize', INITIALIZE, 0);
  const cancelled = async (): Promise<number> =>
    (await watcher.call('received')).split('notifications/cancelled').length - 1;

  for (const id of [1, 2]) send({ id, method: 'tools/call', params: { ...params, name: 'hang' } });
  send({ method: 'notifications/cancelled', params: { requestId: 1 } });
  while ((await cancelled()) < 1);
  const echo = await ask('tools/call', { ...params, name: 'echo', arguments: { message: 'on' } }, 3);
  socket.close();
  while ((await cancelled()) < 2);

  expect(echo.id).toBe(3);
});

test('requests of a connection that was closed meanwhile do not reach a server that has started', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'websocket-'));
  const script = 'until [ -e "$0/go" ]; do sleep 0.05; done; exec "$@"';
  const command = ['sh', '-c', script, directory, process.execPath, FIXTURE];
  const wrapper = await startWrapper({ command, isReady: false });
  for (const params of [{}, MODERN]) {
    const { send, socket, closed } = await connect(wrapper);
    send({ id: 1, method: 'tools/call', params: { ...params, name: 'hang' } });
    await arrived(socket);
    socket.close();
    await closed;
  }

  await writeFile(join(directory, 'go'), '');
  await wrapper.logged('Child ready');

  expect(await (await openSession(wrapper.url)).call('received')).not.toContain('"hang"');
  await rm(directory, { recursive: true });
});

test('a connection is not read while more than its share waits for a server that starts', async () => {
  const args = ['--ready-wait-ms', '2000'];
  const { send, socket, next } = await connect(await startWrapper({ flags: ['--silent'], isReady: false, args }));
  const params = { ...MODERN, name: 'size', arguments: { message: 'x'.repeat(5_000_000) } };

  for (let id = 0; id < 20; id++) send({ id, method: 'tools/call', params });
  const first = await next();

  expect(first).toMatchObject({ id: 0, error: { data: { reason: 'child-not-ready' } } });
  expect(socket.bufferedAmount).toBeGreaterThan(20_000_000);
});

test('a subscription of a connection that was closed before the server took it ends', async () => {
  const wrapper = await startWrapper();
  const watcher = await openSession(wrapper.url);
  const pid = Number(await watcher.call('pid'));
  const { send, socket, closed } = await connect(wrapper);
  process.kill(pid, 'SIGSTOP');
  send({
    id: 1,
    method: 'subscriptions/listen',
    params: { ...MODERN, notifications: { resourceSubscriptions: ['test://a'] } },
  });
  await arrived(socket);
  socket.close();
  await closed;
  while (!(await (await fetch(`${wrapper.origin}/metrics`)).text()).includes('\nmcp_wrapper_streams 0\n'));

  process.kill(pid, 'SIGCONT');

  while (!(await watcher.call('received')).includes('resources/unsubscribe'));
});

test('what is no JSON-RPC is answered, and the connection goes on', async () => {
  const { send, next, ask } = await connect(await startWrapper());

  send('{');
  const broken = await next();
  send('[]');
  const empty = await next();
  const after = await ask('tools/list', MODERN);

  expect(broken).toMatchObject({ id: null, error: { code: -32700 } });
  expect(empty).toMatchObject({ id: null, error: { code: -32600 } });
  expect(after.result.tools.length).toBeGreaterThan(0);
});

test.each([
  ['a binary frame', Buffer.from('{}'), 1003],
  ['a frame that is too long', 'x'.repeat(2000), 1009],
])('%s closes the connection with its code', async (_name, frame, code) => {
  const { socket, closed } = await connect(await startWrapper({ args: ['--body-bytes-max', '1024'] }));

  socket.send(frame);

  expect((await closed)[0]).toBe(code);
});

test('an unknown version is refused with those that are spoken', async () => {
  const { ask } = await connect(await startWrapper());
  const meta = { ...MODERN._meta, [VERSION_KEY]: '2099-01-01' };

  const { error } = await ask('tools/list', { _meta: meta });

  expect(error).toMatchObject({ code: -32022, data: { requested: '2099-01-01' } });
  expect(error.data.supported).toContain('2026-07-28');
});

test('an id that is in use is refused', async () => {
  const { send, ask } = await connect(await startWrapper());

  send({ id: 1, method: 'tools/call', params: { ...MODERN, name: 'hang' } });
  const again = await ask('tools/list', MODERN, 1);

  expect(again).toMatchObject({ id: 1, error: { code: -32600 } });
});

test('SIGTERM lets open calls finish, ends subscriptions, then closes with 1001', async () => {
  const wrapper = await startWrapper();
  const { ask, send, next, closed } = await connect(wrapper);
  const pid = Number((await ask('tools/call', { ...MODERN, name: 'pid' })).result.content[0].text);
  await ask('subscriptions/listen', { ...MODERN, notifications: { toolsListChanged: true } }, 'sub' as never);
  send({ id: 2, method: 'tools/call', params: { ...MODERN, name: 'gate' } });
  await ask('tools/call', { ...MODERN, name: 'echo', arguments: { message: 'gate is open' } }, 3);

  wrapper.kill('SIGTERM');
  const finished = await next();
  process.kill(pid, 'SIGUSR2');
  const answer = await next();

  expect(finished).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
  expect(answer).toMatchObject({ id: 2, result: { content: [{ text: 'opened' }] } });
  expect((await closed)[0]).toBe(1001);
  expect(await wrapper.exited).toBe(0);
});

test('subscriptions and unused connections end, so that a server can be scaled to zero', async () => {
  const wrapper = await startWrapper({ args: ['--stream-age-ms-max', '1000', '--session-idle-ms', '3000'] });
  const { ask, next, closed } = await connect(wrapper);

  await ask('subscriptions/listen', { ...MODERN, notifications: { toolsListChanged: true } }, 5);

  expect(await next()).toMatchObject({ id: 5, result: { resultType: 'complete' } });
  expect(await closed).toEqual([1001, 'The connection was not used']);
});

test('foreign subprotocols, other paths and plain requests are refused in JSON', async () => {
  const { origin } = await startWrapper();
  const statusOf = async (path: string, protocol: string): Promise<number | undefined> => {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`, protocol);
    const [, response] = await once(socket, 'unexpected-response');
    return response.statusCode;
  };

  const plain = await fetch(`${origin}/mcp/stream`);

  expect(await statusOf('/mcp/stream', 'graphql-ws')).toBe(400);
  expect(await statusOf('/elsewhere', 'mcp')).toBe(404);
  expect(plain.status).toBe(426);
  expect(await plain.json()).toMatchObject({ error: { data: { reason: 'upgrade-required' } } });
});

test('requests in hand count on a connection as they do over HTTP', async () => {
  const wrapper = await startWrapper({ args: ['--requests-per-key-max', '1'] });
  const { ask, send, next } = await connect(wrapper);
  await ask('initialize', INITIALIZE);
  const echo = { name: 'echo', arguments: { message: 'free again' } };

  send({ id: 8, method: 'tools/call', params: { name: 'hang' } });
  send({ id: 9, method: 'tools/call', params: echo });
  const refused = await next();
  send({ method: 'notifications/cancelled', params: { requestId: 8 } });
  const answered = await ask('tools/call', echo, 10);

  expect(refused).toMatchObject({ id: 9, error: { data: { reason: 'busy' } } });
  expect(answered).toMatchObject({ id: 10, result: { content: [{ text: 'free again' }] } });
});
