import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/run-cli.ts';
import { capturedTerminal } from '../../unit/cli/captured-terminal.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();
const empty = mkdtempSync(join(tmpdir(), 'mcp-hosting-token-'));
afterAll(() => rmSync(empty, { recursive: true, force: true }));

async function run(databaseUrl: string, ...args: string[]) {
  const { terminal, stdout, stderr } = capturedTerminal();
  const code = await runCli(['token', ...args], {
    terminal,
    env: { DATABASE_URL: databaseUrl },
    cwd: empty,
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  return { code, stdout: stdout(), stderr: stderr() };
}

test('token list: name and use of every token that is not revoked, and no secret', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const none = await run(databaseUrl, 'list');
  const token = (await run(databaseUrl, 'create', '--name', 'ci of acme')).stdout.trim();
  await run(databaseUrl, 'create', '--name', 'spare');
  await postgres.apiTokens.verify(token);

  const table = await run(databaseUrl, 'list');
  const json = JSON.parse((await run(databaseUrl, 'list', '--json')).stdout);

  expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining('No API tokens.') });
  expect(table.stdout).toMatch(/^ID +NAME +CREATED +LAST USED\n[0-9a-f-]{36} {2}ci of acme {2}.+ ago +\d.* ago\n/);
  expect(table.stdout).toMatch(/ spare .* never\n$/);
  expect(table.stdout).not.toContain(token.slice(5));
  expect(json).toEqual([
    { id: expect.any(String), name: 'ci of acme', createdAt: expect.any(String), lastUsedAt: expect.any(String) },
    { id: expect.any(String), name: 'spare', createdAt: expect.any(String), lastUsedAt: null },
  ]);
});

test('token revoke: that token alone is of no use from then on', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const lost = await postgres.apiTokens.create('lost');
  const kept = await postgres.apiTokens.create('kept');
  const id = (await postgres.apiTokens.list())[0]?.id ?? '';

  const plain = await run(databaseUrl, 'revoke', id);
  const again = await run(databaseUrl, 'revoke', id, '--json');

  expect(plain).toMatchObject({ code: 0, stdout: 'The API token "lost" is revoked.\n' });
  expect(JSON.parse(again.stdout)).toEqual({ id, name: 'lost', revoked: true });
  expect(await postgres.apiTokens.verify(lost)).toBeUndefined();
  expect(await postgres.apiTokens.verify(kept)).toBe('kept');
  expect((await postgres.apiTokens.list()).map(({ name }) => name)).toEqual(['kept']);
});

test.each(['00000000-0000-4000-8000-000000000000', 'lost', "'; DROP TABLE api_tokens; --", ''])(
  'token revoke: %j is no token and ends with 3',
  async (id) => {
    const { databaseUrl } = await tests.open();

    const { code, stderr } = await run(databaseUrl, 'revoke', id, '--json');

    expect(code).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'token-not-found' } });
  },
);

test('use of a token is written once a minute, not at every request', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const token = await postgres.apiTokens.create('polls');
  const usedAt = async () => (await postgres.apiTokens.list())[0]?.lastUsedAt;
  await postgres.apiTokens.verify(token);
  const first = await usedAt();
  await postgres.apiTokens.verify(token);
  const second = await usedAt();
  await tests.query(databaseUrl, "UPDATE api_tokens SET last_used_at = NOW() - INTERVAL '61 seconds'");
  const before = await usedAt();
  await postgres.apiTokens.verify(token);

  expect(second).toEqual(first);
  expect((await usedAt())?.getTime()).toBeGreaterThan(before?.getTime() ?? Number.NaN);
});
