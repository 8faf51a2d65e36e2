import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Config, configPath, parseConfig, readConfig } from '../src/config-file.ts';
import { resolveEndpoint } from '../src/endpoint.ts';

const TEMPLATE = 'https://{server-id}.mcp.example.com/mcp';

function resolve(options: {
  target?: string;
  env?: Record<string, string>;
  config?: Partial<Config>;
  allowHttp?: boolean;
}): [string, string | undefined] {
  const { url, key } = resolveEndpoint({
    target: options.target,
    env: options.env ?? {},
    config: { keys: {}, ...options.config },
    allowHttp: options.allowHttp ?? false,
  });
  return [url.href, key];
}

/** The code of what is thrown. */
function codeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

test('endpoint comes from the argument, the environment or the config file, in this order', () => {
  const config = { url: 'https://config.example.com/{server-id}' };
  const env = { MCP_CONNECT_URL: TEMPLATE };

  expect(resolve({ target: 'https://typed.example.com/mcp', env, config })[0]).toBe('https://typed.example.com/mcp');
  expect(resolve({ target: 'hello-q7m2d4', env, config })[0]).toBe('https://hello-q7m2d4.mcp.example.com/mcp');
  expect(resolve({ target: 'hello-q7m2d4', config })[0]).toBe('https://config.example.com/hello-q7m2d4');
  expect(resolve({ env: { MCP_CONNECT_URL: 'https://whole.example.com/mcp' } })[0]).toBe(
    'https://whole.example.com/mcp',
  );
});

test('key comes from the environment, then from the server’s own in the config file, then from the common one', () => {
  const config = { url: TEMPLATE, key: 'common', keys: { a: 'own' } };

  expect(resolve({ target: 'a', env: { MCP_CONNECT_KEY: ' env ' }, config })[1]).toBe('env');
  expect(resolve({ target: 'a', config })[1]).toBe('own');
  expect(resolve({ target: 'b', config })[1]).toBe('common');
  expect(resolve({ target: 'constructor', config: { url: TEMPLATE } })[1]).toBeUndefined();
});

test('common key is not sent to a whole URL, one named for it is', () => {
  const url = 'https://elsewhere.example.com/mcp';

  expect(resolve({ target: url, config: { key: 'common' } })[1]).toBeUndefined();
  expect(resolve({ target: url, config: { keys: { [url]: 'own' } } })[1]).toBe('own');
});

test('key goes over http to this machine only, unless allowed', () => {
  const env = { MCP_CONNECT_KEY: 'key' };

  expect(codeOf(() => resolve({ target: 'http://example.com/mcp', env }))).toBe('url-not-secure');
  expect(resolve({ target: 'http://example.com/mcp', env, allowHttp: true })[1]).toBe('key');
  for (const host of ['localhost:1', 'a.localhost', '127.0.0.1', '[::1]']) {
    expect(resolve({ target: `http://${host}/mcp`, env })[1]).toBe('key');
  }
});

test.each([
  [{ target: 'hello' }, 'url-missing'],
  [{}, 'url-missing'],
  [{ env: { MCP_CONNECT_URL: TEMPLATE } }, 'server-id-missing'],
  [{ target: 'evil.example.com/#', env: { MCP_CONNECT_URL: TEMPLATE } }, 'server-id-invalid'],
  [{ target: 'a'.repeat(51), env: { MCP_CONNECT_URL: TEMPLATE } }, 'server-id-invalid'],
  [{ target: '-a', env: { MCP_CONNECT_URL: TEMPLATE } }, 'server-id-invalid'],
  [{ target: 'a', env: { MCP_CONNECT_URL: 'ftp://x' } }, 'url-invalid'],
  [{ target: 'https://user:password@example.com' }, 'url-invalid'],
  [{ target: 'https://example.com', env: { MCP_CONNECT_KEY: 'two words' } }, 'key-invalid'],
  [{ target: 'https://example.com', env: { MCP_CONNECT_KEY: 'line\nbreak' } }, 'key-invalid'],
])('endpoint of %j is refused with %s', (options, code) => {
  expect(codeOf(() => resolve(options))).toBe(code);
});

test('config file has a place of its own on every platform', () => {
  const at = (platform: NodeJS.Platform, env: Record<string, string> = {}): string =>
    configPath({ env, platform, home: '/home/kim' });

  expect(at('linux')).toBe('/home/kim/.config/mcp-connect/config.json');
  expect(at('linux', { XDG_CONFIG_HOME: '/x' })).toBe('/x/mcp-connect/config.json');
  expect(at('darwin')).toBe('/home/kim/Library/Application Support/mcp-connect/config.json');
  expect(at('win32', { APPDATA: '/appdata' })).toBe('/appdata/mcp-connect/config.json');
  expect(at('darwin', { MCP_CONNECT_CONFIG: '/named.json' })).toBe('/named.json');
});

test('config file is refused with every problem and no value', () => {
  const text = JSON.stringify({ url: 1, key: {}, keys: { a: 'secret', b: 2 }, colour: 'red' });

  expect(() => parseConfig(text, 'c.json')).toThrow(
    'Cannot use c.json: "colour" is not a setting; "url" is not a string; "key" is not a string; "keys.b" is not a string',
  );
  expect(codeOf(() => parseConfig('[]', 'c.json'))).toBe('config-invalid');
  expect(codeOf(() => parseConfig('{', 'c.json'))).toBe('config-invalid');
});

test('config file that others may read is used with a warning', () => {
  const folder = mkdtempSync(join(tmpdir(), 'connect-config-'));
  const path = join(folder, 'config.json');
  const warnings: string[] = [];
  const read = (): Config =>
    readConfig({ path, isNamed: true, platform: 'linux', warn: (text) => warnings.push(text) });

  expect(codeOf(read)).toBe('config-unreadable');
  writeFileSync(path, '{"keys":{"a":"k"}}', { mode: 0o600 });
  expect(read()).toEqual({ keys: { a: 'k' } });
  expect(warnings).toEqual([]);
  chmodSync(path, 0o640);
  read();

  expect(warnings).toEqual([expect.stringContaining('chmod 600')]);
  rmSync(folder, { recursive: true });
});

test('config file that nobody named may be missing', () => {
  const warn = (): void => {};

  expect(readConfig({ path: '/nonexistent', isNamed: false, platform: 'linux', warn })).toEqual({ keys: {} });
});
