import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { CLIENTS } from '../../src/commands/setup/clients.ts';
import { configPath, type Place } from '../../src/config/config-path.ts';
import { runArguments } from './command-run.ts';
import { makePlace, removeHomes } from './temporary-home.ts';

afterEach(removeHomes);

function writeFile(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });
}

function makeKnown(): Place {
  const place = makePlace('win32');
  writeFile(configPath(place), {
    domain: 'example.com',
    key: 'common',
    keys: { 'hello-q7m2d4': 'mcp_secret' },
    keychain: ['kept-k3v9x2'],
  });
  writeFile(CLIENTS.cursor.file(place), {
    mcpServers: {
      'hello-q7m2d4': { command: 'cmd', args: ['/c', 'npx', '-y', '@mcpeverything/connect', 'hello-q7m2d4'] },
      other: { command: 'npx', args: ['-y', 'something-else'] },
      away: { command: 'C:\\npm\\mcp-connect', args: ['--transport=websocket', 'https://away.example/mcp'] },
    },
  });
  writeFile(
    CLIENTS.codex.file(place),
    '[mcp_servers.mine]\ncommand = "npx"\nargs = ["@mcpeverything/connect@0.1", "b-k3v9x2"]\n',
  );
  writeFile(CLIENTS.zed.file(place), '{ broken');
  return place;
}

test('list shows the servers of the config file and of clients', async () => {
  const { code, stdout, stderr } = await runArguments(['list'], { place: makeKnown() });

  expect(code).toBe(0);
  expect(stdout.split('\n').map((line) => line.split(/ {3,}/))).toEqual([
    ['SERVER', 'ENDPOINT', 'KEY', 'CLIENTS'],
    ['b-k3v9x2', 'https://b-k3v9x2.mcp.example.com/mcp', 'common key', 'Codex ("mine")'],
    ['hello-q7m2d4', 'https://hello-q7m2d4.mcp.example.com/mcp', 'own key', 'Cursor'],
    ['https://away.example/mcp', 'https://away.example/mcp', '-', 'Cursor ("away")'],
    ['kept-k3v9x2', 'https://kept-k3v9x2.mcp.example.com/mcp', 'keychain', '-'],
    [''],
  ]);
  expect(stderr).toContain('Cannot use the configuration of Zed');
});

test('list prints JSON without keys', async () => {
  const { stdout } = await runArguments(['list', '--json'], { place: makeKnown() });

  expect(JSON.parse(stdout)).toHaveLength(4);
  expect(JSON.parse(stdout)[1]).toEqual({
    target: 'hello-q7m2d4',
    key: 'own',
    clients: [{ client: 'cursor', name: 'hello-q7m2d4' }],
    url: 'https://hello-q7m2d4.mcp.example.com/mcp',
  });
  expect(stdout).not.toContain('mcp_secret');
});

test('list of nothing is empty on stdout', async () => {
  const { stdout, stderr } = await runArguments(['list'], { place: makePlace('linux') });

  expect(stdout).toBe('');
  expect(stderr).toContain('mcp-connect setup');
});
