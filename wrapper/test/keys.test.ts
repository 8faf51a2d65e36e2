import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

test.each([
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

  expect(found).toMatchObject({ kind: 'key', name: 'Kim', scopes: [] });
  expect(found?.id).toMatch(/^[\w-]{16}$/);
  expect(keys.find(createHash('sha256').update('c').digest())).toBeUndefined();
});

/** A keys file under watch, looked at when the test says so. */
function watch(path: string): { file: KeysFile; seen: (readonly Key[])[]; logged: string[] } {
  const seen: (readonly Key[])[] = [];
  const logged: string[] = [];
  const write = (message: string, fields?: object): number => logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const file = new KeysFile({ path, log, onChange: (keys) => seen.push(keys) });
  return { file, seen, logged };
}

test('keys file is read again when the link to it is swapped, as Kubernetes does', () => {
  for (const name of ['a', 'b']) writeFileSync(join(directory, name), sha256(name));
  const link = join(directory, 'keys');
  symlinkSync('a', link);
  const { file, seen } = watch(link);

  file.check();
  file.check();
  symlinkSync('b', join(directory, 'next'));
  renameSync(join(directory, 'next'), link);
  file.check();

  expect(seen).toEqual([[{ sha256: sha256('a') }], [{ sha256: sha256('b') }]]);
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
