import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { CLIENT_IDS } from '../../src/commands/command-table.ts';
import { CLIENTS, type ClientId } from '../../src/commands/setup/clients.ts';
import { configPath, type Place } from '../../src/config/config-path.ts';
import { codeOf } from '../code-of.ts';
import { type CommandRun, runArguments } from './command-run.ts';
import { makePlace, removeHomes } from './temporary-home.ts';

afterEach(removeHomes);

const PLATFORMS = ['darwin', 'linux', 'win32'] as const;
const ID = 'hello-q7m2d4';
const ENV = { MCP_CONNECT_URL: 'https://{server-id}.mcp.example.com/mcp', MCP_CONNECT_KEY: 'mcp_secret' };

function setup(place: Place, ...args: string[]): Promise<CommandRun> {
  return runArguments(['setup', ...args], { place });
}

function fixtureOf(id: ClientId): string {
  return readFileSync(new URL(`client-files/${id}.txt`, import.meta.url), 'utf8');
}

function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** `UPDATE_GOLDEN=1` writes the files anew, to be reviewed as text. */
function expectGolden(name: string, text: string): void {
  const url = new URL(`../golden/setup/${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(url, text);
  expect(text).toBe(readFileSync(url, 'utf8'));
}

const everywhere = CLIENT_IDS.flatMap((id) => PLATFORMS.map((platform) => [id, platform] as const));

test.each(everywhere)('setup writes the file of %s on %s', async (id, platform) => {
  const place = makePlace(platform, ENV);
  const path = CLIENTS[id].file(place);
  writeFile(path, fixtureOf(id));

  const { code, stdout } = await setup(place, ID, '--client', id);

  const written = readFileSync(path, 'utf8');
  expect(code).toBe(0);
  expect(stdout).toContain(`added "${ID}" to ${path}`);
  expect(written).not.toContain('mcp_secret');
  expectGolden(`${id}.${platform}.txt`, `${path.replace(place.home, '~')}\n\n${written}`);
  expect(readFileSync(`${path}.mcp-connect-backup`, 'utf8')).toBe(fixtureOf(id));
});

test.each(everywhere)('undo puts the file of %s on %s back byte by byte', async (id, platform) => {
  const place = makePlace(platform, ENV);
  const path = CLIENTS[id].file(place);
  writeFile(path, fixtureOf(id));
  await setup(place, ID, '--client', id);

  const { stdout } = await setup(place, '--undo');

  expect(readFileSync(path, 'utf8')).toBe(fixtureOf(id));
  expect(existsSync(`${path}.mcp-connect-backup`)).toBe(false);
  expect(existsSync(configPath(place))).toBe(false);
  expect(stdout).toContain(`${path}: as it was before`);
  expect(await codeOf(() => setup(place, '--undo'))).toBe('undo-missing');
});

test.each(CLIENT_IDS)('second setup of %s changes nothing', async (id) => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS[id].file(place);
  await setup(place, ID, '--client', id);
  const first = readFileSync(path, 'utf8');

  const { stdout } = await setup(place, ID, '--client', id);

  expect(readFileSync(path, 'utf8')).toBe(first);
  expect(stdout).toContain(`has "${ID}" already`);
});

test('setup without a client writes all that are installed, and no others', async () => {
  const place = makePlace('linux', ENV);
  mkdirSync(join(place.home, '.cursor'));
  mkdirSync(join(place.home, '.config', 'zed'), { recursive: true });

  const { stdout } = await setup(place, ID);

  expect(stdout).toMatch(/^Cursor: added .*\n.*\nZed: added/);
  expect(readdirSync(place.home).sort()).toEqual(['.config', '.cursor']);
});

test('setup without a client asks for one where none is installed', async () => {
  expect(await codeOf(() => setup(makePlace('darwin', ENV), ID))).toBe('client-not-found');
});

test('Claude Desktop as a Windows package has its file in the package', async () => {
  const place = makePlace('win32', ENV);
  const inPackage = join(
    place.home,
    'AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json',
  );
  mkdirSync(dirname(inPackage), { recursive: true });

  await setup(place, ID, '--client', 'claude-desktop');

  expect(existsSync(inPackage)).toBe(true);
  expect(existsSync(join(place.home, 'AppData/Roaming/Claude'))).toBe(false);
});

test('key and URL go to the config file, which is for its owner alone', async () => {
  const place = makePlace('linux', ENV);

  await setup(place, ID, '--client', 'cursor', '--transport', 'websocket', '--header', 'X-Tenant: acme');

  expect(JSON.parse(readFileSync(configPath(place), 'utf8'))).toEqual({
    url: 'https://{server-id}.mcp.example.com/mcp',
    keys: { [ID]: 'mcp_secret' },
    servers: { [ID]: { transport: 'websocket', header: ['X-Tenant: acme'] } },
  });
  expect(statSync(configPath(place)).mode & 0o777).toBe(0o600);
});

test('URL of another platform stands with the server, beside the one for all', async () => {
  const place = makePlace('linux');
  writeFile(configPath(place), '{"domain":"one.example","keys":{"a":"b"}}');

  await setup(place, ID, '--client', 'cursor', '--domain', 'two.example');

  expect(JSON.parse(readFileSync(configPath(place), 'utf8'))).toEqual({
    domain: 'one.example',
    keys: { a: 'b' },
    servers: { [ID]: { url: 'https://{server-id}.mcp.two.example/mcp' } },
  });
});

test('key can come by stdin', async () => {
  const place = makePlace('linux', { MCP_CONNECT_DOMAIN: 'example.com' });

  await runArguments(['setup', ID, '--client', 'zed', '--key-stdin'], { place, stdin: 'mcp_piped\n' });

  expect(JSON.parse(readFileSync(configPath(place), 'utf8')).keys).toEqual({ [ID]: 'mcp_piped' });
});

test('whole URL is named for its server id or host', async () => {
  const place = makePlace('linux');
  const path = CLIENTS.cursor.file(place);

  await setup(place, 'https://hello-q7m2d4.mcp.example.com/mcp', '--client', 'cursor');
  await setup(place, 'https://api.example.com:8443/mcp', '--client', 'cursor');

  const { mcpServers } = JSON.parse(readFileSync(path, 'utf8'));
  expect(Object.keys(mcpServers)).toEqual(['hello-q7m2d4', 'api-example-com']);
  expect(mcpServers['api-example-com'].args.at(-1)).toBe('https://api.example.com:8443/mcp');
});

test('proxy and authority of the shell are written down, a proxy with a password is not', async () => {
  const env = {
    ...ENV,
    https_proxy: 'http://proxy:3128',
    HTTP_PROXY: 'http://u:p@proxy',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
  };
  const place = makePlace('linux', env);

  await setup(place, ID, '--client', 'cursor');

  expect(JSON.parse(readFileSync(CLIENTS.cursor.file(place), 'utf8')).mcpServers[ID].env).toEqual({
    HTTPS_PROXY: 'http://proxy:3128',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
  });
});

test('dry run prints the changes without the key and writes nothing', async () => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS['claude-desktop'].file(place);
  writeFile(path, fixtureOf('claude-desktop'));

  const { stdout } = await setup(place, ID, '--client', 'claude-desktop', '--dry-run');

  expectGolden('dry-run.txt', stdout.replaceAll(place.home, '~'));
  expect(readFileSync(path, 'utf8')).toBe(fixtureOf('claude-desktop'));
  expect(existsSync(configPath(place))).toBe(false);
});

test('undo after others have written takes out the entry alone', async () => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS['claude-desktop'].file(place);
  writeFile(path, fixtureOf('claude-desktop'));
  await setup(place, ID, '--client', 'claude-desktop');
  writeFileSync(path, readFileSync(path, 'utf8').replace('Alt+Space', 'Ctrl+Space'));

  await setup(place, '--undo');

  expect(readFileSync(path, 'utf8')).toBe(
    JSON.stringify(JSON.parse(fixtureOf('claude-desktop').replace('Alt+Space', 'Ctrl+Space')), undefined, 2)
      .replace(/\[\s+([^\]]+?)\s+\]/, (_, list: string) => `[${list.replace(/\s*\n\s*/g, ' ')}]`)
      .concat('\n'),
  );
});

test('undo removes a file that setup made', async () => {
  const place = makePlace('darwin', ENV);
  await setup(place, ID, '--client', 'windsurf');

  await setup(place, '--undo');

  expect(existsSync(CLIENTS.windsurf.file(place))).toBe(false);
});

test('mode and symbolic link of the file stay', async () => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS.cursor.file(place);
  const real = join(place.home, 'dotfiles', 'cursor.json');
  writeFile(real, '{}');
  chmodSync(real, 0o644);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync('../dotfiles/cursor.json', path);

  await setup(place, ID, '--client', 'cursor');

  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(statSync(real).mode & 0o777).toBe(0o644);
  expect(JSON.parse(readFileSync(real, 'utf8')).mcpServers[ID].command).toBe('npx');
});

test.each([
  ['claude-desktop', '{ "mcpServers": {\n  "a": 1,\n', 'line 3'],
  ['claude-desktop', '{\n  // note\n}', 'line 2: invalid comment token'],
  ['claude-desktop', '[]', 'it is not an object'],
  ['claude-desktop', '{"mcpServers": []}', '"mcpServers" is not an object'],
  ['claude-desktop', '{"mcpServers": {}, "mcpServers": {}}', 'occurs twice'],
  ['claude-desktop', `\n${'['.repeat(201)}${']'.repeat(201)}`, 'line 2: nested more than 200 deep'],
  ['codex', 'a = 1\nb = \n', 'line 2: it is not TOML'],
  ['codex', 'mcp_servers = { hello-q7m2d4 = { command = "mcp-connect" } }\n', 'cannot be edited safely'],
] as const)('broken file of %s %j is refused and left alone: %s', async (id, text, problem) => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS[id].file(place);
  writeFile(path, text);
  writeFile(CLIENTS.zed.file(place), '{}');

  await expect(setup(place, ID, '--client', 'zed', '--client', id)).rejects.toThrow(problem);

  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(readFileSync(CLIENTS.zed.file(place), 'utf8')).toBe('{}');
  expect(existsSync(configPath(place))).toBe(false);
});

test('entry of the same name that is not ours is replaced by force only', async () => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS.cursor.file(place);
  writeFile(path, `{"mcpServers":{"${ID}":{"command":"other"}}}`);

  expect(await codeOf(() => setup(place, ID, '--client', 'cursor'))).toBe('client-entry-taken');
  await setup(place, ID, '--client', 'cursor', '--force');

  expect(JSON.parse(readFileSync(path, 'utf8')).mcpServers[ID].command).toBe('npx');
});

test.each([
  [[ID, '--client', 'emacs'], 'client-unknown'],
  [[ID, '--client', 'zed', '--name', 'a b'], 'name-invalid'],
  [['Hello', '--client', 'zed'], 'server-id-invalid'],
  [[], 'server-id-missing'],
])('setup %j is refused with %s', async (args, code) => {
  expect(await codeOf(() => setup(makePlace('linux', ENV), ...args))).toBe(code);
});

test('installed program is started by its path', async () => {
  const place = makePlace('win32', ENV);

  await setup(place, ID, '--client', 'cursor', '--installed');

  expect(JSON.parse(readFileSync(CLIENTS.cursor.file(place), 'utf8')).mcpServers[ID]).toEqual({
    command: process.execPath,
    args: ['/opt/connect/bin/mcp-connect.js', ID],
  });
});

test.each([
  ['byte order mark, CRLF and an indent of four', 'claude-desktop', '\uFEFF{\r\n    "theme": "dark"\r\n}\r\n'],
  ['comments and a trailing comma', 'vscode', '{\n\t// mine\n\t"servers": {},\n}\n'],
  ['nothing', 'cursor', ''],
] as const)('file with %s stays as it is written', async (_name, id, text) => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS[id].file(place);
  writeFile(path, text);

  await setup(place, ID, '--client', id);
  const written = readFileSync(path, 'utf8');
  await setup(place, '--undo');

  const lineEnds = text.includes('\r\n') ? /(?<!\r)\n/ : /\r/;
  expect(written).toContain(`"${ID}"`);
  expect(written).not.toMatch(lineEnds);
  for (const part of ['\uFEFF', '// mine', '"theme": "dark"']) expect(written.includes(part)).toBe(text.includes(part));
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('file that was made read-only is not replaced', async () => {
  const place = makePlace('linux', ENV);
  const path = CLIENTS.cursor.file(place);
  writeFile(path, '{}');
  chmodSync(path, 0o444);

  await expect(setup(place, ID, '--client', 'cursor')).rejects.toThrow('it is read-only');

  expect(readFileSync(path, 'utf8')).toBe('{}');
});

test('several setups at once lose nothing of each other', async () => {
  const place = makePlace('linux', ENV);
  const ids = Array.from({ length: 5 }, (_, index) => `server-${index}a2b3c4`);
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const env = { ...place.env, PATH: process.env.PATH, HOME: place.home, MCP_CONNECT_KEY: 'mcp_secret' };

  const codes = await Promise.all(
    ids.map(async (id) => {
      const child = spawn(process.execPath, [main, 'setup', id, '--client', 'cursor', '--domain', 'example.com'], {
        env,
        stdio: 'ignore',
      });
      const [code] = await once(child, 'exit');
      return code;
    }),
  );

  expect(codes).toEqual(ids.map(() => 0));
  expect(Object.keys(JSON.parse(readFileSync(CLIENTS.cursor.file(place), 'utf8')).mcpServers).sort()).toEqual(ids);
  expect(Object.keys(JSON.parse(readFileSync(configPath(place), 'utf8')).keys).sort()).toEqual(ids);
});
