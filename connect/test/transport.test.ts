import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import {
  freePort,
  killStarted as killWrappers,
  startWrapper,
  type WrapperProcess,
} from '../../wrapper/test/wrapper-process.ts';
import type { Credentials } from '../src/auth/credentials.ts';
import { fixedCredentials } from '../src/auth/fixed-credentials.ts';
import { openRemote, type Remote } from '../src/bridge/remote.ts';
import { type BridgeOptions, runBridge } from '../src/bridge/run-bridge.ts';
import { watchSilence } from '../src/bridge/watch-silence.ts';
import { findProxy } from '../src/http/proxy.ts';
import { startRemote, stopRemotes } from './scripted-remote.ts';

const remotes: Remote[] = [];
const proxies: Server[] = [];

afterEach(async () => {
  for (const remote of remotes.splice(0)) await remote.close();
  for (const proxy of proxies.splice(0)) {
    proxy.closeAllConnections();
    proxy.close();
  }
  await stopRemotes();
  await killWrappers();
});

const OPTIONS = { credentials: fixedCredentials(undefined), userAgent: 'test', patienceMs: 10_000, log: () => {} };

function openWebSocket({ url }: WrapperProcess): Remote {
  const endpoint = new URL(url.replace('127.0.0.1', 'hello.localhost'));
  const remote = openRemote({ ...OPTIONS, endpoint, transport: 'websocket' });
  remotes.push(remote);
  return remote;
}

test('a remote over WebSocket calls tools, and has a new session after the connection was lost', async () => {
  const port = String(await freePort());
  const wrapper = await startWrapper({ args: ['--port', port] });
  const remote = openWebSocket(wrapper);
  const call = (): Promise<unknown> => remote.request('tools/call', { name: 'echo', arguments: { message: 'ahoj' } });

  const before = await call();
  wrapper.kill('SIGKILL');
  await wrapper.exited;
  await startWrapper({ args: ['--port', port] });
  const after = await call();

  expect(before).toEqual(after);
  expect(before).toMatchObject({ content: [{ text: 'ahoj' }] });
});

test('a call over WebSocket gets its error when the server is killed', async () => {
  const wrapper = await startWrapper();
  const remote = openWebSocket(wrapper);
  await remote.request('tools/list');
  const lost = remote.request('tools/call', { name: 'hang' }).catch((error: unknown) => error);
  await remote.request('tools/list');

  wrapper.kill('SIGKILL');

  expect(await lost).toMatchObject({ failure: { kind: 'unanswered' } });
});

test('a call over WebSocket that hangs is an error after the time that was set for it', async () => {
  const { url } = await startWrapper();
  const endpoint = new URL(url.replace('127.0.0.1', 'hello.localhost'));
  const remote = openRemote({ ...OPTIONS, endpoint, transport: 'websocket', callTimeoutMs: 100 });
  remotes.push(remote);

  const failure = await remote.request('tools/call', { name: 'hang' }).catch((error: unknown) => error);

  expect(failure).toMatchObject({ failure: { kind: 'network', code: 'ETIMEDOUT', wasSent: true } });
});

test('after the goodbye of a server over WebSocket the next request goes by a new connection', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const { port: own } = await once(server, 'listening').then(() => server.address() as AddressInfo);
  let connections = 0;
  let said = (): void => {};
  const goodbye = new Promise<void>((resolve) => {
    said = resolve;
  });
  server.on('connection', (peer, { socket }) => {
    connections += 1;
    peer.on('message', (data) => {
      const { id, method } = JSON.parse(String(data));
      if (id === undefined) return;
      const supported = method === 'server/discover' && { supportedVersions: ['2026-07-28'], capabilities: {} };
      peer.send(JSON.stringify({ jsonrpc: '2.0', id, result: { ...supported, connections } }));
      if (method !== 'tools/list' || connections > 1) return;
      // Whoever is between them keeps the connection open.
      socket.end = () => socket;
      socket.on('data', () => said());
      peer.close(1001);
    });
  });
  const endpoint = new URL(`http://127.0.0.1:${own}/mcp`);
  const remote = openRemote({ ...OPTIONS, endpoint, transport: 'websocket' });
  remotes.push(remote);
  await remote.request('tools/list');
  await goodbye;

  const result = await remote.request('tools/call', { name: 'x' });

  for (const peer of server.clients) peer.terminate();
  server.close();
  expect(result).toMatchObject({ connections: 2 });
});

test('a WebSocket on which nothing comes is ended, one that answers pings is not', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;
  let answers = 3;
  server.on('connection', (peer) => {
    peer.on('ping', () => {
      answers -= 1;
      if (answers >= 0) peer.pong();
    });
  });
  const socket = new WebSocket(`ws://127.0.0.1:${own}`);
  socket.on('error', () => {});
  await once(socket, 'open');

  watchSilence(socket, { pingMs: 100, silenceMs: 3_000 });
  await once(socket, 'close');

  for (const peer of server.clients) peer.terminate();
  server.close();
  expect(answers).toBeLessThan(0);
});

test('a proxy of the environment is used for plain http, with user and password', async () => {
  const server = await startRemote();
  const asked: (string | undefined)[] = [];
  const proxy = createServer((req, res) => {
    asked.push(req.headers['proxy-authorization'], req.url);
    const { pathname } = new URL(req.url ?? '');
    const options = { port: server.port, method: req.method, headers: req.headers, path: pathname };
    req.pipe(request(options, (answer) => answer.pipe(res.writeHead(answer.statusCode ?? 0, answer.headers))));
  });
  await listen(proxy);
  const env = { HTTP_PROXY: `http://me:secret@127.0.0.1:${port(proxy)}` };
  const remote = openRemote({ ...OPTIONS, endpoint: new URL('http://server.example/mcp'), env });
  remotes.push(remote);

  const result = await remote.request('tools/list');

  expect(result).toEqual({ method: 'tools/list' });
  expect(asked.slice(0, 2)).toEqual([
    `Basic ${Buffer.from('me:secret').toString('base64')}`,
    'http://server.example/mcp',
  ]);
  expect(server.seen.every(({ headers }) => headers.host === 'server.example')).toBe(true);
});

test('https goes through CONNECT of the proxy', async () => {
  const asked: unknown[] = [];
  const proxy = createServer();
  proxy.on('connect', (req, socket) => {
    asked.push(req.url);
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  });
  await listen(proxy);
  const env = { https_proxy: `127.0.0.1:${port(proxy)}` };
  const remote = openRemote({ ...OPTIONS, endpoint: new URL('https://server.example/mcp'), env });
  remotes.push(remote);

  const failure = await remote.request('tools/list').catch((error: unknown) => error);

  expect(asked).toEqual(['server.example:443']);
  expect(failure).toMatchObject({ failure: { kind: 'network', code: 'PROXY_AUTHENTICATION', wasSent: false } });
});

test.each([
  ['https://a.example/mcp', { NO_PROXY: 'example' }, false],
  ['https://a.example/mcp', { NO_PROXY: '.a.example, b' }, false],
  ['https://a.example/mcp', { no_proxy: '*' }, false],
  ['https://a.example:8443/mcp', { NO_PROXY: 'a.example:443' }, true],
  ['https://ba.example/mcp', { NO_PROXY: 'a.example' }, true],
  ['https://x.localhost/mcp', {}, false],
  ['http://a.example/mcp', { HTTPS_PROXY: 'http://p' }, false],
])('the proxy for %s with %j: %s', (url, env, isUsed) => {
  const proxy = url.startsWith('https') ? { HTTPS_PROXY: 'http://proxy:3128' } : {};

  expect(findProxy(new URL(url), { ...proxy, ...env }) !== undefined).toBe(isUsed);
});

test('the bridge ends while it waits for a person to sign in', async () => {
  const server = await startRemote((_seen, res) => {
    res.writeHead(401).end();
    return true;
  });
  let asked = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const credentials: Credentials = {
    authorization: async () => undefined,
    renew: async (_challenge, signal) => {
      asked();
      await once(signal, 'abort');
      return false;
    },
  };
  const { input, ended } = startBridge({ endpoint: new URL(server.url), credentials });
  input.write('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n');
  await waiting;

  input.end();

  await ended;
});

test('a 401 is repeated with what renewing brought, by all requests that got one', async () => {
  const server = await startRemote(({ headers }, res) => {
    if (headers.authorization === 'Bearer new') return false;
    res.writeHead(401, { 'www-authenticate': 'Bearer scope="mcp"' }).end();
    return true;
  });
  let token = 'old';
  const challenges: unknown[] = [];
  const credentials: Credentials = {
    authorization: async () => `Bearer ${token}`,
    renew: async ({ wwwAuthenticate }) => {
      challenges.push(wwwAuthenticate);
      token = 'new';
      return true;
    },
  };
  const { input, lines } = startBridge({ endpoint: new URL(server.url), credentials });

  const answer = lines.next();
  input.write('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}\n');

  expect(JSON.parse((await answer).value)).toMatchObject({ id: 1, result: { protocolVersion: '2025-06-18' } });
  expect(challenges).toEqual(['Bearer scope="mcp"']);
  input.end();
});

function startBridge(options: Pick<BridgeOptions, 'endpoint' | 'credentials'>): {
  input: PassThrough;
  lines: AsyncIterator<string>;
  ended: Promise<void>;
} {
  const input = new PassThrough();
  const output = new PassThrough();
  const ended = runBridge({ ...OPTIONS, ...options, name: 'test', input, output });
  return { input, lines: createInterface({ input: output })[Symbol.asyncIterator](), ended };
}

async function listen(server: Server): Promise<void> {
  proxies.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function port(server: Server): number {
  return (server.address() as AddressInfo).port;
}
