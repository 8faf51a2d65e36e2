import { expect, test } from '@jest/globals';
import { inspectDatabase } from '../../../src/adapters/postgres/inspect-database.ts';
import { useTestPostgres } from './test-postgres.ts';

const postgres = useTestPostgres();

async function urlWith(change: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'port' | 'hostname'>>) {
  return Object.assign(new URL(await postgres.newDatabase()), change).href;
}

const refusalOf = (url: string) => inspectDatabase(url, 5_000).catch((error: unknown) => error);

test('a database that is there is looked at', async () => {
  expect(await inspectDatabase(await postgres.newDatabase(), 5_000)).toMatchObject({ foreign: [] });
});

test('each refusal of PostgreSQL is told in words, with what mends it', async () => {
  const locked = await postgres.newDatabase();
  const name = new URL(locked).pathname.slice(1);
  await postgres.query(locked, "CREATE ROLE stranger LOGIN PASSWORD 'hunter2'");
  await postgres.query(locked, `REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
  const stranger = Object.assign(new URL(locked), { username: 'stranger', password: 'hunter2' }).href;

  const absent = await refusalOf(await urlWith({ pathname: '/gone' }));
  const nobody = await refusalOf(await urlWith({ username: 'nobody' }));
  const closed = await refusalOf(await urlWith({ port: '1' }));
  const unknown = await refusalOf(await urlWith({ hostname: 'nowhere.invalid' }));
  const forbidden = await refusalOf(stranger);

  expect(absent).toMatchObject({
    code: 'database-unreachable',
    message: expect.stringMatching(/\/gone: there is no database "gone" \(3D000\), expected a session$/),
    hint: 'Make it, or correct DATABASE_URL: CREATE DATABASE "gone";',
  });
  expect(nobody).toMatchObject({ message: expect.stringMatching(/user "nobody" .*\((28000|28P01)\)/) });
  expect(closed).toMatchObject({ message: expect.stringContaining('nothing listens there (ECONNREFUSED)') });
  expect(unknown).toMatchObject({ message: expect.stringMatching(/the host name .*\((ENOTFOUND|EAI_AGAIN)\)/) });
  expect(forbidden).toMatchObject({
    message: expect.stringContaining('user "stranger" lacks a right there (42501)'),
    hint: `Make it the owner: ALTER DATABASE "${name}" OWNER TO "stranger";`,
  });
});
