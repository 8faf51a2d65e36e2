import { expect, test } from '@jest/globals';
import { type Config, EMPTY_CONFIG } from '../../src/config/config-file.ts';
import { readSettings, type Settings } from '../../src/config/read-settings.ts';
import { codeOf } from '../code-of.ts';

const TEMPLATE = 'https://{server-id}.mcp.example.com/mcp';

function settingsOf(given: {
  target?: string;
  env?: Record<string, string>;
  config?: Partial<Config>;
  flags?: Record<string, string[]>;
}): Promise<Settings> {
  return readSettings({
    target: given.target,
    flags: given.flags ?? {},
    place: { env: given.env ?? {}, platform: 'linux', home: '/home/kim' },
    config: { ...EMPTY_CONFIG, ...given.config },
  });
}

async function urlOf(given: Parameters<typeof settingsOf>[0]): Promise<string> {
  return (await settingsOf(given)).endpoint.url.href;
}

async function keyOf(given: Parameters<typeof settingsOf>[0]): Promise<string | undefined> {
  return (await settingsOf(given)).endpoint.key;
}

test('endpoint comes from the argument, a flag, the environment, the server’s entry or the file, in this order', async () => {
  const config = {
    options: { url: ['https://config.example.com/{server-id}'] },
    servers: { 'own-q7m2d4': { url: ['https://own.example.com/mcp'] } },
  };
  const env = { MCP_CONNECT_URL: TEMPLATE };
  const flags = { url: ['https://flag.example.com/mcp'] };

  expect(await urlOf({ target: 'https://typed.example.com/mcp', env, config, flags })).toBe(
    'https://typed.example.com/mcp',
  );
  expect(await urlOf({ target: 'hello-q7m2d4', env, config, flags })).toBe('https://flag.example.com/mcp');
  expect(await urlOf({ target: 'hello-q7m2d4', env, config })).toBe('https://hello-q7m2d4.mcp.example.com/mcp');
  expect(await urlOf({ target: 'own-q7m2d4', config })).toBe('https://own.example.com/mcp');
  expect(await urlOf({ target: 'hello-q7m2d4', config })).toBe('https://config.example.com/hello-q7m2d4');
  expect(await urlOf({ env: { MCP_CONNECT_URL: 'https://whole.example.com/mcp' } })).toBe(
    'https://whole.example.com/mcp',
  );
});

test('domain is a template where it was given, and yields to a URL given in the same place', async () => {
  const env = { MCP_CONNECT_DOMAIN: 'env.example' };
  const config = { options: { url: ['https://file.example/{server-id}'] } };

  expect(await urlOf({ target: 'a', env, config })).toBe('https://a.mcp.env.example/mcp');
  expect(await urlOf({ target: 'a', env: { ...env, MCP_CONNECT_URL: 'https://url.example/mcp' } })).toBe(
    'https://url.example/mcp',
  );
  expect(await urlOf({ target: 'a', env, flags: { domain: ['flag.example'] } })).toBe('https://a.mcp.flag.example/mcp');
});

test('key comes from the environment, then from the server’s own in the config file, then from the common one', async () => {
  const config = { options: { url: [TEMPLATE] }, key: 'common', keys: { a: 'own' } };

  expect(await keyOf({ target: 'a', env: { MCP_CONNECT_KEY: ' env ' }, config })).toBe('env');
  expect(await keyOf({ target: 'a', config })).toBe('own');
  expect(await keyOf({ target: 'b', config })).toBe('common');
  expect(await keyOf({ target: 'constructor', config: { options: { url: [TEMPLATE] } } })).toBeUndefined();
});

test('common key is not sent to a whole URL, one named for it is', async () => {
  const url = 'https://elsewhere.example.com/mcp';

  expect(await keyOf({ target: url, config: { key: 'common' } })).toBeUndefined();
  expect(await keyOf({ target: url, config: { keys: { [url]: 'own' } } })).toBe('own');
});

test('key goes over http to this machine only, unless allowed', async () => {
  const env = { MCP_CONNECT_KEY: 'key' };

  expect(await codeOf(() => settingsOf({ target: 'http://example.com/mcp', env }))).toBe('url-not-secure');
  expect(await keyOf({ target: 'http://example.com/mcp', env, flags: { allowHttp: ['true'] } })).toBe('key');
  for (const host of ['localhost:1', 'a.localhost', '127.0.0.1', '[::1]']) {
    expect(await keyOf({ target: `http://${host}/mcp`, env })).toBe('key');
  }
});

test('headers take what must not be seen in arguments from the environment', async () => {
  const target = 'https://example.com/mcp';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: expanded by the program
  const header = ['X-Tenant: acme', 'Authorization: Basic ${SECRET}'];

  const { headers } = await settingsOf({ target, flags: { header }, env: { SECRET: 's3cret' } });

  expect(headers).toEqual({ 'x-tenant': 'acme', authorization: 'Basic s3cret' });
  expect(await codeOf(() => settingsOf({ target, flags: { header } }))).toBe('header-variable-missing');
});

test('headers of the environment stand on a line each', async () => {
  const env = { MCP_CONNECT_HEADER: 'X-A: 1\n X-B: 2' };

  expect((await settingsOf({ target: 'https://example.com', env })).headers).toEqual({ 'x-a': '1', 'x-b': '2' });
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
  [{ target: 'https://example.com', flags: { header: ['Mcp-Session-Id: x'] } }, 'options-invalid'],
  [{ target: 'https://example.com', flags: { header: ['x: a\r\ny: b'] } }, 'options-invalid'],
  [{ target: 'https://example.com', flags: { patienceMs: ['soon'] } }, 'options-invalid'],
])('settings of %j are refused with %s', async (given, code) => {
  expect(await codeOf(() => settingsOf(given as Parameters<typeof settingsOf>[0]))).toBe(code);
});

test('all wrong options are told at once, by where they were given and without their values', async () => {
  const given = {
    target: 'https://example.com',
    flags: { transport: ['pigeon'] },
    env: { MCP_CONNECT_PROTOCOL: 'ancient' },
    config: { options: { patienceMs: ['-1'] } },
  };

  await expect(settingsOf(given)).rejects.toThrow(
    '--transport must be one of http, websocket\n' +
      'MCP_CONNECT_PROTOCOL must be one of auto, legacy, modern\n' +
      '"patienceMs" in the config file must be a whole number from 100 to 3600000',
  );
});
