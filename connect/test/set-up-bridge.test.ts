import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { CLIENTS } from '../src/commands/setup/clients.ts';
import { runArguments } from './commands/command-run.ts';
import { makePlace, removeHomes } from './commands/temporary-home.ts';
import { killStarted, startConnect } from './connect-process.ts';
import { startRemote, stopRemotes } from './scripted-remote.ts';

afterEach(async () => {
  await killStarted();
  await stopRemotes();
  removeHomes();
});

const INITIALIZE = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18' } };

test('what setup wrote is enough for the client to get to the server', async () => {
  const remote = await startRemote();
  const place = makePlace('linux', { MCP_CONNECT_KEY: 'mcp_secret', MCP_CONNECT_PROTOCOL: 'legacy' });
  const url = remote.url.replace('127.0.0.1', '{server-id}.localhost');
  await runArguments(
    ['setup', 'hello-q7m2d4', '--client', 'claude-desktop', '--url', url, '--header', 'X-Tenant: acme'],
    { place },
  );
  const written = JSON.parse(readFileSync(CLIENTS['claude-desktop'].file(place), 'utf8'));
  const [, , target] = written.mcpServers['hello-q7m2d4'].args;

  const client = startConnect([target], { HOME: place.home });
  client.write(INITIALIZE);

  expect((await client.until(0)).at(-1)?.result.protocolVersion).toBe('2025-06-18');
  const { headers } = await remote.sees(({ message }) => message?.method === 'initialize');
  expect(headers.authorization).toBe('Bearer mcp_secret');
  expect(headers['x-tenant']).toBe('acme');
  expect(headers.host).toBe(`hello-q7m2d4.localhost:${remote.port}`);
});

test('log file gets what goes to stderr, for its owner alone', async () => {
  const place = makePlace('linux');
  const path = join(place.home, 'connect.log');

  const client = startConnect(['http://127.0.0.1:1/mcp', '--log-file', path, '--patience-ms', '500'], {
    HOME: place.home,
  });
  client.write(INITIALIZE);
  await client.until(0);
  client.endInput();
  await client.exited;

  const log = readFileSync(path, 'utf8');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(log).toMatch(/^20\d\d-\S+Z \d+ started\n/);
  expect(client.stderr()).toContain('Cannot reach 127.0.0.1:1');
  expect(log).toContain('Cannot reach 127.0.0.1:1');
});
