import { PassThrough } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/auth/fixed-credentials.ts';
import { runBridge } from '../src/bridge/run-bridge.ts';
import { startAuthorizationServer } from './auth/authorization-server.ts';
import { startProtectedResource } from './auth/protected-resource.ts';
import { createTestMachine } from './auth/test-machine.ts';
import { type ConnectProcess, killStarted, startConnect } from './connect-process.ts';
import { openEvents, type Script, sendJson, startRemote, stopRemotes } from './scripted-remote.ts';
import { verifies } from './verifies.ts';

const INITIALIZE = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } };
const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' };
const CALL = {
  jsonrpc: '2.0',
  id: 'call',
  method: 'tools/call',
  params: { name: 'x', _meta: { progressToken: 'waiting' } },
};

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  await killStarted();
  await stopRemotes();
  for (const end of ends.splice(0).reverse()) await end();
});

function start(url: string, env: Record<string, string> = {}): ConnectProcess {
  const client = startConnect([url], { MCP_CONNECT_PATIENCE_MS: '60000', MCP_CONNECT_CACHE_DIR: 'none', ...env });
  client.write(INITIALIZE, INITIALIZED, CALL);
  return client;
}

/** With a server that leaves its answer to one method open. */
async function hanging(method: string, script: Script = () => true): Promise<ConnectProcess> {
  const remote = await startRemote((seen, res) => seen.message?.method === method && script(seen, res));
  const client = start(remote.url);
  await remote.sees(({ message }) => message?.method === method);
  return client;
}

/** The call waits, and says so. */
async function waiting(client: ConnectProcess): Promise<ConnectProcess> {
  while ((await client.next()).method !== 'notifications/progress');
  return client;
}

/** A person who does not come to the browser, and the next instance, which waits for the first. */
async function startSigningIn(): Promise<{ first: ConnectProcess; second: ConnectProcess }> {
  const machine = await createTestMachine('sleeps');
  const server = await startAuthorizationServer();
  const resource = await startProtectedResource({ server });
  ends.push(machine.remove, server.close, resource.close);
  const env = { ...machine.env, MCP_CONNECT_STATE: machine.stateDirectory };
  const first = start(resource.url.href, env);
  while ((await machine.tabs()).length === 0) await pause(20);
  const second = start(resource.url.href, env);
  while (!second.stderr().includes('waiting for another')) await pause(20);
  return { first, second };
}

const STATES: Record<string, () => Promise<ConnectProcess>> = {
  'while initialize has no answer': () => hanging('initialize'),
  'while a call has no answer': () => hanging('tools/call'),
  'while the stream of a call is open': () => hanging('tools/call', (_seen, res) => openEvents(res)),
  'while the server is down': async () => {
    const { url } = await startRemote();
    await stopRemotes();
    return await waiting(start(url));
  },
  'while it waits as the server asked': async () =>
    waiting(
      await hanging('tools/call', (_seen, res) => {
        res.writeHead(503, { 'retry-after': '30' }).end();
        return true;
      }),
    ),
  'while a person is to sign in': async () => (await startSigningIn()).first,
  'while another instance signs in': async () => (await startSigningIn()).second,
};

const ROWS = Object.keys(STATES).flatMap((name) => [[name, 'its input'] as const, [name, 'SIGTERM'] as const]);

test.each(ROWS)(verifies('stdio-ends-with-input', '%s, connect ends with %s'), async (name, by) => {
  const client = (await STATES[name]?.()) as ConnectProcess;

  if (by === 'SIGTERM') client.kill('SIGTERM');
  else client.endInput();

  expect(await client.exited).toBe(0);
  for (const line of client.stdout().split('\n').filter(Boolean))
    expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
});

test('however many calls are open at the end, it says goodbye to some of them and to the session', async () => {
  const remote = await startRemote(({ message }) => message?.method === 'tools/call');
  const client = start(remote.url);
  const calls = Array.from({ length: 99 }, (_, index) => ({ ...CALL, id: index + 1 }));
  client.write(...calls);
  const methodsSeen = (): (string | undefined)[] => remote.seen.map(({ message }) => message?.method);
  while (methodsSeen().filter((method) => method === 'tools/call').length < 100) await pause(20);

  client.endInput();

  expect(await client.exited).toBe(0);
  const goodbyes = methodsSeen().filter((method) => method === 'notifications/cancelled');
  expect(goodbyes.length).toBeLessThanOrEqual(16);
});

test.each([['its input'], ['a signal']])('while the client does not read its answers, it ends with %s', async (by) => {
  const large = { content: [{ type: 'text', text: 'x'.repeat(1_000_000) }] };
  const remote = await startRemote(({ message }, res) => {
    return message?.method === 'tools/call' && sendJson(res, { jsonrpc: '2.0', id: message.id, result: large });
  });
  const input = new PassThrough();
  const output = new PassThrough();
  const stop = new AbortController();
  const { signal } = stop;
  const options = { endpoint: new URL(remote.url), credentials: fixedCredentials(undefined), name: 'hello', signal };
  const ended = runBridge({ ...options, userAgent: 'test', log: () => {}, input, output });

  for (const message of [INITIALIZE, INITIALIZED, CALL]) input.write(`${JSON.stringify(message)}\n`);
  while (!output.writableNeedDrain) await pause(20);
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'ping', method: 'ping' })}\n`);
  if (by === 'its input') input.end();
  else stop.abort();

  await expect(ended).resolves.toBeUndefined();
});
