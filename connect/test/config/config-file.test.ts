import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Config, EMPTY_CONFIG, parseConfig, readConfig } from '../../src/config/config-file.ts';
import { configPath } from '../../src/config/config-path.ts';
import { codeOf } from '../code-of.ts';

test('config file has a place of its own on every platform', () => {
  const at = (platform: NodeJS.Platform, env: Record<string, string> = {}): string =>
    configPath({ env, platform, home: '/home/kim' });

  expect(at('linux')).toBe('/home/kim/.config/mcp-connect/config.json');
  expect(at('linux', { XDG_CONFIG_HOME: '/x' })).toBe('/x/mcp-connect/config.json');
  expect(at('linux', { XDG_CONFIG_HOME: 'relative' })).toBe('/home/kim/.config/mcp-connect/config.json');
  expect(at('darwin')).toBe('/home/kim/Library/Application Support/mcp-connect/config.json');
  expect(at('win32')).toBe('/home/kim/AppData/Roaming/mcp-connect/config.json');
  expect(at('win32', { APPDATA: '/appdata' })).toBe('/appdata/mcp-connect/config.json');
  expect(at('darwin', { MCP_CONNECT_CONFIG: '/named.json' })).toBe('/named.json');
});

test('config file is refused with every problem, its path, and no value', async () => {
  const text = JSON.stringify({
    url: 1,
    key: {},
    keys: { a: 'secret', b: 2 },
    colour: 'red',
    patienceMs: 'secret',
    servers: { 'hello-q7m2d4': { transport: 'secret', tenant: 'x' }, b: 3 },
  });

  await expect(parseConfig(text, 'c.json')).rejects.toThrow(
    'Cannot use c.json: "colour" is not a setting; "patienceMs" must be a whole number from 100 to 3600000; ' +
      '"key" is not a string; "keys.b" is not a string; ' +
      '"servers.hello-q7m2d4.transport" must be one of http, websocket; ' +
      '"servers.hello-q7m2d4.tenant" is not a setting; "servers.b" is not an object',
  );
});

test.each([
  ['{\n  "url": "x"\n  "key": "y"\n}', 'line 3: comma expected'],
  ['{\n  // note\n}', 'line 2: invalid comment token'],
  ['', 'line 1: value expected'],
  ['[]', 'it is not a JSON object'],
])('config file %j is refused with the place: %s', async (text, problem) => {
  await expect(parseConfig(text, 'c.json')).rejects.toThrow(`Cannot use c.json: ${problem}`);
});

test('config file that others may read is used with a warning when it holds keys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'connect-config-'));
  const path = join(folder, 'config.json');
  const warnings: string[] = [];
  const read = (): Promise<Config> =>
    readConfig({ path, isNamed: true, platform: 'linux', warn: (text) => warnings.push(text) });

  expect(await codeOf(read)).toBe('config-unreadable');
  writeFileSync(path, '{"keys":{"a":"k"}}', { mode: 0o600 });
  expect(await read()).toEqual({ ...EMPTY_CONFIG, keys: { a: 'k' } });
  expect(warnings).toEqual([]);
  chmodSync(path, 0o640);
  await read();
  writeFileSync(path, '{"domain":"example.com"}');
  await read();

  expect(warnings).toEqual([expect.stringContaining('chmod 600')]);
  rmSync(folder, { recursive: true });
});

test('config file that nobody named may be missing', async () => {
  const warn = (): void => {};

  expect(await readConfig({ path: '/dev/null/config.json', isNamed: false, platform: 'linux', warn })).toEqual(
    EMPTY_CONFIG,
  );
});
