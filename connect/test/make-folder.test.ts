import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeFolder } from '../src/make-folder.ts';
import { codeOf } from './code-of.ts';
import { startConnect } from './connect-process.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcp-connect-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('folders that are missing are made with the mode, and those that are there stay', async () => {
  const path = join(directory, 'a', 'b');

  makeFolder(path, { mode: 0o700 });
  makeFolder(path, { mode: 0o755 });

  for (const made of [join(directory, 'a'), path]) expect((await stat(made)).mode & 0o777).toBe(0o700);
});

test('a file in the way is an error', async () => {
  await writeFile(join(directory, 'file'), '');

  expect(await codeOf(() => makeFolder(join(directory, 'file')))).toBe('EEXIST');
  expect(await codeOf(() => makeFolder(join(directory, 'file', 'folder')))).toBe('EEXIST');
});

(process.platform === 'linux' ? test : test.skip)('a home that cannot be is an error, and no hang', async () => {
  const client = startConnect(['setup', 'https://hello.example.com/mcp', '--client', 'cursor'], { HOME: '/proc/none' });
  client.endInput();

  expect(await client.exited).toBe(2);
  expect(client.stderr()).toMatch(/^mcp-connect: Cannot write \/proc\/none\/.+: ENOENT\n/);
});
