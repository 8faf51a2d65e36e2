import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { killStarted, startWrapper } from '../../../wrapper/test/wrapper-process.ts';
import type { Check } from '../../src/commands/doctor/check.ts';
import { runArguments } from './command-run.ts';
import { makeCertificate } from './self-signed.ts';
import { makePlace, removeHomes } from './temporary-home.ts';

const servers: Server[] = [];

afterEach(async () => {
  removeHomes();
  await killStarted();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const KEY_SHA256 = '2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683';
/** For servers that answer in the end, and for those that never do. */
const ENV = { MCP_CONNECT_PATIENCE_MS: '50000' };
const IMPATIENT = { MCP_CONNECT_PATIENCE_MS: '500' };

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function diagnose(
  url: string,
  env: Record<string, string> = {},
): Promise<{ code: number; checks: Record<string, Check>; states: string[] }> {
  const place = makePlace('linux', { ...ENV, ...env });
  const { code, stdout } = await runArguments(['doctor', url, '--json'], { place });
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return {
    code,
    checks: Object.fromEntries(checks.map((check) => [check.name, check])),
    states: checks.map(({ name, state }) => `${name} ${state}`),
  };
}

test('healthy server has every check fine', async () => {
  const { url } = await startWrapper();

  const { code, checks, states } = await diagnose(url);

  expect(states).toEqual([
    'configuration ok',
    'name ok',
    'connection ok',
    'sign-in ok',
    'handshake ok',
    'tools ok',
    'latency ok',
  ]);
  expect(code).toBe(0);
  expect(checks.handshake?.detail).toMatch(/ (legacy|modern) \(20\d\d-\d\d-\d\d\)$/);
  expect(checks.tools?.detail).toContain('echo');
});

test('wrong key is told from a missing one', async () => {
  const { url } = await startWrapper({ env: { MCP_WRAPPER_KEY_SHA256: KEY_SHA256 } });

  const wrong = await diagnose(url, { MCP_CONNECT_KEY: 'mcp_wrong' });
  const missing = await diagnose(url);

  expect(wrong.code).toBe(1);
  expect(wrong.states.slice(-4)).toEqual(['sign-in failed', 'handshake skipped', 'tools skipped', 'latency skipped']);
  expect(wrong.checks['sign-in']?.cure).toContain('not that of this server');
  expect(missing.checks['sign-in']?.cure).toContain('mcp-connect login');
});

test.each([
  ['20200101000000Z', '20210101000000Z', 'ended on 2021-01-01 (CERT_HAS_EXPIRED)', 'renew'],
  ['20200101000000Z', '21200101000000Z', 'by Test, which is not trusted here', 'NODE_EXTRA_CA_CERTS'],
  ['21100101000000Z', '21200101000000Z', 'CERT_NOT_YET_VALID', 'date of this machine'],
])('certificate from %s to %s fails: %s', async (from, to, detail, cure) => {
  const certificate = makeCertificate({ from, to, names: 'DNS:localhost' });
  const port = await listen(createHttpsServer(certificate, (_, res) => res.end()));

  const { code, checks, states } = await diagnose(`https://a.localhost:${port}/mcp`);

  expect(code).toBe(1);
  expect(states.slice(1, 5)).toEqual(['name ok', 'connection ok', 'certificate failed', 'sign-in skipped']);
  expect(checks.certificate?.detail).toContain(detail);
  expect(checks.certificate?.cure).toContain(cure);
});

test('plain HTTP behind an https URL is no TLS', async () => {
  const port = await listen(createHttpServer((_, res) => res.end()));

  const { checks } = await diagnose(`https://127.0.0.1:${port}/mcp`);

  expect(checks.certificate?.detail).toContain('no TLS with 127.0.0.1');
});

test.each<[string, RequestListener, string]>([
  [
    'a web page',
    (_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in to the Wi-Fi</html>'),
    'Check the URL',
  ],
  ['404', (_, res) => res.writeHead(404).end(), 'Check the server id'],
  ['a redirect', (_, res) => res.writeHead(302, { location: 'https://login.example' }).end(), 'https://login.example'],
  ['503', (_, res) => res.writeHead(503, { 'retry-after': '7' }).end(), 'Try again in 7 s'],
])('server that answers %s fails at the handshake with a cure', async (_, answer, cure) => {
  const port = await listen(createHttpServer(answer));

  const { code, checks } = await diagnose(`http://127.0.0.1:${port}/mcp`, IMPATIENT);

  expect(code).toBe(1);
  expect(checks.connection?.state).toBe('ok');
  expect(checks.handshake?.state).toBe('failed');
  expect(checks.handshake?.cure).toContain(cure);
});

test('nothing listening fails at the connection', async () => {
  const server = createHttpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));

  const { code, checks } = await diagnose(`http://127.0.0.1:${port}/mcp`);

  expect(code).toBe(1);
  expect(checks.connection?.detail).toContain('ECONNREFUSED');
  expect(checks.handshake?.state).toBe('skipped');
});

test('name that is not known fails first', async () => {
  const { code, checks } = await diagnose('https://hello-q7m2d4.mcp.invalid/mcp');

  expect(code).toBe(1);
  expect(checks.name?.state).toBe('failed');
  expect(checks.name?.cure).toBeTruthy();
  expect(checks.connection?.state).toBe('skipped');
});

test('proxy of the environment is what the way leads over', async () => {
  const { checks } = await diagnose('https://hello-q7m2d4.mcp.invalid/mcp', { HTTPS_PROXY: 'http://127.0.0.1:1' });

  expect(checks.proxy?.detail).toBe('by 127.0.0.1:1');
  expect(checks.connection?.detail).toContain('127.0.0.1 port 1 cannot be reached');
});

test('wrong configuration is a finding', async () => {
  const place = makePlace('linux', ENV);

  const { code, stdout } = await runArguments(['doctor', 'hello-q7m2d4'], { place });

  expect(code).toBe(1);
  expect(stdout).toContain(' ✘ configuration  Cannot find the endpoint of hello-q7m2d4: no URL is configured\n');
  expect(stdout).toContain('Do this: Set MCP_CONNECT_URL');
});

test('without a name, all servers that are known are looked at', async () => {
  const { url } = await startWrapper();
  const place = makePlace('linux', ENV);
  await runArguments(['setup', url, '--client', 'cursor'], { place });
  await runArguments(['setup', 'https://b.mcp.invalid/mcp', '--client', 'zed'], { place });

  const { code, stdout } = await runArguments(['doctor', '--json'], { place });

  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject([{ isHealthy: true }, { server: 'b.mcp.invalid', isHealthy: false }]);
});
