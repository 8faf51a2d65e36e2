import { expect, test } from '@jest/globals';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

test('a reply is new once, unsent until it is confirmed, then sent', async () => {
  const { postgres } = await tests.open();

  const claims = await Promise.all([1, 2, 3].map(() => postgres.replies.claim('refusal:1')));
  await postgres.replies.confirm('refusal:1');
  const afterwards = await postgres.replies.claim('refusal:1');

  expect(claims.sort()).toEqual(['new', 'unsent', 'unsent']);
  expect(afterwards).toBe('sent');
});

test('a head keeps the earliest time at which it was seen', async () => {
  const { postgres } = await tests.open();
  const saw = (time: string) => postgres.pullRequestHeads.saw(1, 2, 'abc', new Date(time));

  await saw('2026-11-22T10:05:00Z');
  await saw('2026-11-22T10:00:00Z');
  await saw('2026-11-22T10:09:00Z');

  expect(await postgres.pullRequestHeads.firstSeen(1, 2, 'abc')).toEqual(new Date('2026-11-22T10:00:00Z'));
  expect(await postgres.pullRequestHeads.firstSeen(1, 3, 'abc')).toBeUndefined();
});

test('calls over the limit of a minute wait until enough of them are old', async () => {
  const { postgres, databaseUrl } = await tests.open();
  await postgres.writeBudget.take(1, 40);
  await tests.query(databaseUrl, "UPDATE github_writes SET taken_at = taken_at - INTERVAL '30 seconds'");
  await postgres.writeBudget.take(1, 40);

  const forFew = await postgres.writeBudget.take(1, 4);
  const forMany = await postgres.writeBudget.take(1, 44);
  const forOthers = await postgres.writeBudget.take(2, 4);

  expect(forFew).toBeGreaterThan(20_000);
  expect(forFew).toBeLessThanOrEqual(30_000);
  expect(forMany).toBeGreaterThan(50_000);
  expect(forMany).toBeLessThanOrEqual(60_000);
  expect(forOthers).toBe(0);
});

test('calls over the limit of an hour wait as well', async () => {
  const { postgres, databaseUrl } = await tests.open();
  for (let minute = 0; minute < 7; minute += 1) {
    await postgres.writeBudget.take(1, 70);
    await tests.query(databaseUrl, "UPDATE github_writes SET taken_at = taken_at - INTERVAL '2 minutes'");
  }

  const withinTheHour = await postgres.writeBudget.take(1, 10);
  const overTheHour = await postgres.writeBudget.take(1, 1);

  expect(withinTheHour).toBe(0);
  expect(overTheHour).toBeGreaterThan(40 * 60_000);
  expect(overTheHour).toBeLessThanOrEqual(46 * 60_000);
});

test('the budget holds for takers at once', async () => {
  const { postgres } = await tests.open();

  const waits = await Promise.all(Array.from({ length: 30 }, () => postgres.writeBudget.take(1, 4)));

  expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(20);
});

test('a token is verified by its hash, and is not in the database', async () => {
  const { postgres, databaseUrl } = await tests.open();

  const token = await postgres.apiTokens.create('cli of kim');

  expect(token).toMatch(/^mcph_[A-Za-z0-9_-]{43}$/);
  expect(await postgres.apiTokens.verify(token)).toBe('cli of kim');
  const rows = await tests.query(databaseUrl, 'SELECT api_tokens::text AS text FROM api_tokens');
  expect(JSON.stringify(rows)).not.toContain(token.slice(5));
});

test('a token that is unknown, revoked or malformed is not verified', async () => {
  const { postgres, databaseUrl } = await tests.open();
  const revoked = await postgres.apiTokens.create('old');
  await tests.query(databaseUrl, 'UPDATE api_tokens SET revoked_at = NOW()');

  const names = await Promise.all(
    [revoked, `mcph_${'a'.repeat(43)}`, '', 'mcph_', '\0', 'x'.repeat(1e6)].map((token) =>
      postgres.apiTokens.verify(token),
    ),
  );

  expect(names).toEqual(Array(6).fill(undefined));
});

test('a conversation belongs to the repository that came first', async () => {
  const { postgres } = await tests.open();
  const id = '5b7ad1e4-6ad1-4d4f-9d1c-1f0f9e9c8c11';

  await postgres.conversations.ensure(id, { owner: 'acme', name: 'first' });
  const again = await postgres.conversations.ensure(id, { owner: 'acme', name: 'second' });

  expect(again).toEqual({ repository: { owner: 'acme', name: 'first' } });
  expect(await postgres.conversations.find(id)).toEqual(again);
});
