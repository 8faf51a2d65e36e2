import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { makeCertificate } from './commands/self-signed.ts';
import { killStarted, type Message, startConnect } from './connect-process.ts';
import { type Script, type ScriptedRemote, startRemote, stopRemotes } from './scripted-remote.ts';

let home: string;
let caPath: string;
let certificate: { key: string; cert: string };
const closers: (() => void)[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'connect-tls-'));
  caPath = join(home, 'authority.pem');
  const names = 'DNS:server.example,DNS:proxy.localhost,IP:127.0.0.1,IP:::1';
  certificate = makeCertificate({ from: '20200101000000Z', to: '20991231000000Z', names });
  await writeFile(caPath, certificate.cert);
});

afterAll(() => rm(home, { recursive: true }));

afterEach(async () => {
  await killStarted();
  for (const close of closers.splice(0)) close();
  await stopRemotes();
});

/** A server with a certificate of a private authority, before one without. */
async function startTls(port: number, host = '127.0.0.1'): Promise<{ port: number }> {
  const server = createTlsServer(certificate, (socket) => pipeBoth(socket, connect(port, '127.0.0.1')));
  return { port: await listen(server as unknown as Server, host) };
}

/** A proxy that knows only one server, whatever its name. */
async function startProxy(port: number): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (req, socket) => {
    asked.push(`${req.url} ${req.headers['proxy-authorization'] ?? ''}`.trim());
    const target = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    pipeBoth(socket, target);
  });
  return { port: await listen(proxy), asked };
}

function pipeBoth(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function ask(url: string, env: Record<string, string>): Promise<{ first: Message; list: Message }> {
  const client = startConnect([url], { HOME: home, MCP_CONNECT_CACHE_DIR: 'none', ...env });
  client.write({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
  const first = await client.next();
  client.write({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
  const list = (await client.until(2)).at(-1) as Message;
  client.endInput();
  await client.exited;
  return { first, list };
}

async function start(script?: Script): Promise<{ remote: ScriptedRemote; tls: { port: number } }> {
  const remote = await startRemote(script);
  return { remote, tls: await startTls(remote.port) };
}

test('a server with a certificate of a private authority is trusted through NODE_EXTRA_CA_CERTS', async () => {
  const { tls } = await start();

  const { list } = await ask(`https://127.0.0.1:${tls.port}/mcp`, { NODE_EXTRA_CA_CERTS: caPath });

  expect(list.result).toEqual({ method: 'tools/list' });
});

test('without it, the error says what to do', async () => {
  const { tls } = await start();

  const { first } = await ask(`https://127.0.0.1:${tls.port}/mcp`, {});

  expect(first.error?.message).toContain('cannot be trusted');
  expect(first.error?.message).toContain('NODE_EXTRA_CA_CERTS');
});

test('a certificate for another name is refused', async () => {
  const { tls } = await start();

  const { first } = await ask(`https://other.localhost:${tls.port}/mcp`, { NODE_EXTRA_CA_CERTS: caPath });

  expect(first.error?.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
});

test('a server is reached over TLS at an IPv6 address', async () => {
  const remote = await startRemote();
  const tls = await startTls(remote.port, '::1');

  const { list } = await ask(`https://[::1]:${tls.port}/mcp`, { NODE_EXTRA_CA_CERTS: caPath });

  expect(list.result).toEqual({ method: 'tools/list' });
});

test('a server with a private authority is reached through a proxy, which the sign-in goes through as well', async () => {
  const { remote, tls } = await start(({ method }, res) => {
    if (method === 'POST') res.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    else res.writeHead(404).end();
    return true;
  });
  const proxy = await startProxy(tls.port);

  const { first } = await ask('https://server.example/mcp', {
    HTTPS_PROXY: `http://me:secret@127.0.0.1:${proxy.port}`,
    NODE_EXTRA_CA_CERTS: caPath,
  });

  expect(first.error?.data).toMatchObject({ reason: 'http', status: 401 });
  expect(remote.seen.filter(({ method }) => method === 'GET').length).toBeGreaterThan(0);
  const credentials = Buffer.from('me:secret').toString('base64');
  expect(new Set(proxy.asked)).toEqual(new Set([`server.example:443 Basic ${credentials}`]));
});

test('a proxy may itself be reached by TLS', async () => {
  const { tls } = await start();
  const inner = await startProxy(tls.port);
  const outer = await startTls(inner.port);

  const { list } = await ask('https://server.example/mcp', {
    HTTPS_PROXY: `https://127.0.0.1:${outer.port}`,
    NODE_EXTRA_CA_CERTS: caPath,
  });

  expect(list.result).toEqual({ method: 'tools/list' });
  expect(inner.asked[0]).toBe('server.example:443');
});

test('a call whose answer was mangled on the way is an error at once, and the next request has an answer', async () => {
  let isMangled = false;
  const { tls } = await start(({ message }) => {
    isMangled = message?.method === 'tools/call';
    return false;
  });
  const mangler = createTcpServer((socket) => {
    const server = connect(tls.port, '127.0.0.1');
    // What the client has to say of it does not arrive.
    socket.on('error', () => {}).on('data', (bytes) => isMangled || server.write(bytes));
    socket.on('close', () => server.destroy());
    server.on('error', () => {}).on('close', () => socket.destroy());
    server.on('data', (bytes) => {
      if (isMangled) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
      socket.write(bytes);
    });
  });
  const url = `https://127.0.0.1:${await listen(mangler as unknown as Server)}/mcp`;
  const client = startConnect([url], { HOME: home, MCP_CONNECT_CACHE_DIR: 'none', NODE_EXTRA_CA_CERTS: caPath });
  client.write({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
  await client.until(1);

  client.write({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'x' } });
  const call = (await client.until(2)).at(-1);
  isMangled = false;
  client.write({ jsonrpc: '2.0', id: 3, method: 'tools/list' });
  const list = (await client.until(3)).at(-1);

  expect(call?.error?.message).toMatch(/broke .+ look before you repeat it/);
  expect(list?.result).toEqual({ method: 'tools/list' });
});
