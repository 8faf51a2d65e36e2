import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Key, KeyList, parseKeyList } from '../src/door/key-list.ts';
import { KeysFile } from '../src/door/keys-file.ts';
import type { Log } from '../src/measure/log.ts';
import { openSession, post } from './mcp-client.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const PING = { jsonrpc: '2.0', id: 0, method: 'ping' };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keys-'));
});

afterEach(async () => {
  await killStarted();
  rmSync(directory, { recursive: true });
});

test('key list takes hashes with and without names, comments and empty lines', () => {
  const text = `# keys of the team\n\n${sha256('a')}\r\n  ${sha256('b').toUpperCase()}\tKim's laptop \n`;

  expect(parseKeyList(text)).toEqual({
    ok: true,
    keys: [{ sha256: sha256('a') }, { sha256: sha256('b'), name: "Kim's laptop" }],
  });
});

test('key list takes what is known of a key, and a name that looks like it', () => {
  const text = [
    `${sha256('a')} id=7f3a expires=2027-01-31T12:00:00Z CI of acme`,
    `${sha256('b')} id=8b1c expires=never id=7f3a expires=2099-01-01T00:00:00Z`,
    `${sha256('c')} expires=2027-01-31T12:00:00.250Z`,
  ].join('\n');

  expect(parseKeyList(text)).toEqual({
    ok: true,
    keys: [
      { sha256: sha256('a'), id: '7f3a', name: 'CI of acme', expiresAtMs: Date.UTC(2027, 0, 31, 12) },
      { sha256: sha256('b'), id: '8b1c', name: 'id=7f3a expires=2099-01-01T00:00:00Z' },
      { sha256: sha256('c'), expiresAtMs: Date.UTC(2027, 0, 31, 12, 0, 0, 250) },
    ],
  });
});

test.each([
  [
    'a time that is none',
    `${sha256('a')} id=7f3a expires=2027-02-31T25:00:00Z`,
    'line 1 must expire at a time such as 2027-01-31T12:00:00Z, or never',
  ],
  [
    'a time without its zone',
    `${sha256('a')} expires=2027-01-31T12:00:00`,
    'line 1 must expire at a time such as 2027-01-31T12:00:00Z, or never',
  ],
  [
    'a key instead of its hash',
    `${sha256('a')}\nmcp_secret`,
    'line 2 must be a SHA-256 of 64 hexadecimal digits and an optional name',
  ],
  [
    'a hash that is too long',
    `${sha256('a')}0`,
    'line 1 must be a SHA-256 of 64 hexadecimal digits and an optional name',
  ],
])('key list of %s is refused, without a word of it', (_name, text, problem) => {
  expect(parseKeyList(text)).toEqual({ ok: false, problem });
});

test('key is found by its hash, under an id that is no secret', () => {
  const keys = new KeyList([{ sha256: sha256('a') }, { sha256: sha256('b'), name: 'Kim' }]);

  const found = keys.find(createHash('sha256').update('b').digest());

  expect(found?.principal).toMatchObject({ kind: 'key', name: 'Kim', scopes: [] });
  expect(found?.principal.id).toMatch(/^[\w-]{16}$/);
  expect(keys.find(createHash('sha256').update('c').digest())).toBeUndefined();
});

/** A keys file under watch, looked at when the test says so. */
function watch(
  path: string,
  nowMs: () => number = Date.now,
): { file: KeysFile; seen: (readonly Key[])[]; logged: string[] } {
  const seen: (readonly Key[])[] = [];
  const logged: string[] = [];
  const write = (message: string, fields?: object): number => logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const file = new KeysFile({ path, log, nowMs, onChange: (keys) => seen.push(keys) });
  return { file, seen, logged };
}

/** Makes a version of a mounted Secret as the kubelet does: a folder of files behind `..data`, renamed into place. */
function mountSecret(version: string, text: string): void {
  mkdirSync(join(directory, version));
  writeFileSync(join(directory, version, 'keys'), text);
  symlinkSync(version, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  if (!existsSync(join(directory, 'keys'))) symlinkSync('..data/keys', join(directory, 'keys'));
}

test('keys file is read again when the mounted Secret is swapped, as Kubernetes does', () => {
  mountSecret('..2026_11_22_10_00_00.1', sha256('a'));
  const { file, seen } = watch(join(directory, 'keys'));

  file.check();
  file.check();
  mountSecret('..2026_11_22_10_01_00.2', sha256('b'));
  rmSync(join(directory, '..2026_11_22_10_00_00.1'), { recursive: true });
  file.check();
  mountSecret('..2026_11_22_10_02_00.3', '');
  file.check();

  expect(seen).toEqual([[{ sha256: sha256('a') }], [{ sha256: sha256('b') }], []]);
});

test('key that expires is taken away once, and does not come back with a changed file', () => {
  let nowMs = Date.UTC(2027, 0, 1);
  const path = join(directory, 'keys');
  const line = `${sha256('a')} id=1 expires=2027-01-02T00:00:00Z`;
  writeFileSync(path, `${line}\n${sha256('b')}\n`);
  const { file, seen } = watch(path, () => nowMs);

  file.check();
  nowMs = Date.UTC(2027, 0, 2);
  file.check();
  file.check();
  writeFileSync(path, `${line}\n${sha256('c')}\n`);
  file.check();

  const [expired, b, c] = [
    { sha256: sha256('a'), id: '1', expiresAtMs: Date.UTC(2027, 0, 2) },
    { sha256: sha256('b') },
    { sha256: sha256('c') },
  ];
  expect(seen).toEqual([[expired, b], [b], [expired, c], [c]]);
});

test('keys file that is broken or removed leaves the keys from before, one that is emptied takes them away', () => {
  const path = join(directory, 'keys');
  const { file, seen, logged } = watch(path);
  const steps: (() => void)[] = [
    () => writeFileSync(path, sha256('a')),
    () => writeFileSync(path, 'mcp_secret'),
    () => writeFileSync(path, ''),
    () => rmSync(path),
    () => {},
    () => writeFileSync(path, sha256('b')),
  ];

  for (const step of steps) {
    step();
    file.check();
  }

  expect(seen).toEqual([[{ sha256: sha256('a') }], [], [{ sha256: sha256('b') }]]);
  expect(logged.filter((line) => line.startsWith('Cannot use the keys file'))).toHaveLength(2);
  expect(logged.join()).not.toContain('mcp_secret');
});

test.each(['missing', 'empty'])(
  'door stays shut while the keys file is %s, and opens with its first key',
  async (state) => {
    const path = join(directory, 'keys');
    if (state === 'empty') writeFileSync(path, '');
    const { url, logged } = await startWrapper({ args: ['--keys-file', path] });
    const statusOf = async (key: string): Promise<number> =>
      (await post(url, PING, { authorization: `Bearer ${key}` })).status;
    const read = state === 'empty' ? 1 : 0;
    await logged(state === 'empty' ? 'Keys read' : 'Cannot use the keys file: the keys from before stay');

    const before = [(await post(url, PING)).status, await statusOf('mcp_a')];
    writeFileSync(path, `${sha256('mcp_a')} Kim\n`);
    await logged('Keys read', read + 1);
    const after = [await statusOf('mcp_a'), await statusOf('mcp_b')];
    const stream = await (await openSession(url, { authorization: 'Bearer mcp_a' })).listen();
    writeFileSync(path, `${sha256('mcp_b')}\n`);
    await logged('Keys read', read + 2);

    expect([before, after]).toEqual([
      [401, 401],
      [200, 401],
    ]);
    // The stream that was opened with the key ends with it.
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect([await statusOf('mcp_a'), await statusOf('mcp_b')]).toEqual([401, 200]);
  },
);

test('keys of the option stay beside those of the file', async () => {
  const path = join(directory, 'keys');
  writeFileSync(path, sha256('mcp_file'));
  const { url } = await startWrapper({ args: ['--keys-file', path, '--key-sha256', sha256('mcp_option')] });

  for (const [key, status] of [
    ['mcp_file', 200],
    ['mcp_option', 200],
    ['mcp_other', 401],
  ]) {
    expect((await post(url, PING, { authorization: `Bearer ${key}` })).status).toBe(status);
  }
});

test('key is refused from its expiry on, and what was opened with it ends', async () => {
  const path = join(directory, 'keys');
  const write = (expires: string): void =>
    writeFileSync(path, `${sha256('mcp_short')} id=short expires=${expires} CI\n${sha256('mcp_long')} id=long\n`);
  write('2999-01-01T00:00:00Z');
  const { url, logged } = await startWrapper({ args: ['--keys-file', path] });
  const statusOf = async (key: string): Promise<number> =>
    (await post(url, PING, { authorization: `Bearer ${key}` })).status;

  const before = [await statusOf('mcp_short'), await statusOf('mcp_long')];
  const stream = await (await openSession(url, { authorization: 'Bearer mcp_short' })).listen();
  write(new Date().toISOString());
  await logged('Keys expired');

  expect(before).toEqual([200, 200]);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect([await statusOf('mcp_short'), await statusOf('mcp_long')]).toEqual([401, 200]);
});

test('metrics tell when keys with an id were used last, and nothing of the keys', async () => {
  const path = join(directory, 'keys');
  const lines = ['used', 'unused'].map((name) => `${sha256(`mcp_${name}`)} id=${name} expires=never Kim's`);
  writeFileSync(path, [...lines, sha256('mcp_nameless')].join('\n'));
  const { url, origin } = await startWrapper({ args: ['--keys-file', path] });
  const begunMs = Date.now();

  await post(url, PING, { authorization: 'Bearer mcp_used' });
  await post(url, PING, { authorization: 'Bearer mcp_wrong' });
  const response = await fetch(`${origin}/metrics`, { headers: { authorization: 'Bearer mcp_nameless' } });
  const text = await response.text();

  const uses = text.split('\n').filter((line) => line.startsWith('mcp_wrapper_key_last_used_timestamp_seconds'));
  expect(uses).toHaveLength(1);
  const [, id, seconds] = /^\w+\{key_id="(\w+)"\} ([\d.e+]+)$/.exec(uses[0] ?? '') ?? [];
  expect(id).toBe('used');
  expect(Number(seconds) * 1_000).toBeGreaterThanOrEqual(begunMs);
  for (const key of ['mcp_used', 'mcp_unused', 'mcp_nameless']) expect(text).not.toContain(sha256(key));
});
