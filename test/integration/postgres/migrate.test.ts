import { expect, test } from '@jest/globals';
import { createPostgres } from '../../../src/adapters/postgres/create-postgres.ts';
import { migrate, readMigrations } from '../../../src/adapters/postgres/migrate.ts';
import { silentLog } from './silent-log.ts';
import { useTestPostgres } from './test-postgres.ts';

const tests = useTestPostgres();

test('replicas that start at once migrate once', async () => {
  const databaseUrl = await tests.newDatabase();

  await Promise.all([tests.openOn(databaseUrl), tests.openOn(databaseUrl), tests.openOn(databaseUrl)]);

  const applied = await tests.query(databaseUrl, 'SELECT name FROM schema_migrations');
  expect(applied).toHaveLength(readMigrations().length);
});

test('a second start changes nothing', async () => {
  const { databaseUrl, postgres } = await tests.open();

  await postgres.migrate();
  await migrate(databaseUrl);

  expect(await postgres.ready()).toBe(true);
});

test('a migration whose text was changed is refused', async () => {
  const { databaseUrl } = await tests.open();
  const changed = readMigrations().map((migration) => ({ ...migration, sql: `${migration.sql}\n-- more` }));

  await expect(migrate(databaseUrl, changed)).rejects.toMatchObject({
    code: 'migration-changed',
    message: expect.stringContaining('0001-hosting.sql'),
  });
});

test('a database of a newer version is refused', async () => {
  const { databaseUrl } = await tests.open();

  await expect(migrate(databaseUrl, [])).rejects.toMatchObject({ code: 'database-newer' });
});

test('a migration that fails leaves nothing behind', async () => {
  const databaseUrl = await tests.newDatabase();
  const broken = [
    { number: 1, name: '0001-good.sql', sql: 'CREATE TABLE good (id INTEGER)' },
    { number: 2, name: '0002-bad.sql', sql: 'CREATE TABLE bad (' },
  ];

  await expect(migrate(databaseUrl, broken)).rejects.toThrow('syntax error');

  expect(await tests.query(databaseUrl, "SELECT to_regclass('good') AS found")).toEqual([{ found: null }]);
});

test('hosted_servers has the columns, defaults and indexes of the design document', async () => {
  const { databaseUrl } = await tests.open();

  const columns = await tests.query(
    databaseUrl,
    `SELECT column_name || ' ' || data_type || COALESCE('(' || character_maximum_length || ')', '')
       || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || COALESCE(' = ' || column_default, '') AS text
     FROM information_schema.columns WHERE table_name = 'hosted_servers' ORDER BY ordinal_position`,
  );
  const indexes = await tests.query(
    databaseUrl,
    "SELECT indexdef FROM pg_indexes WHERE tablename = 'hosted_servers' AND indexname LIKE 'idx_%' ORDER BY 1",
  );

  expect(columns.map(({ text }) => text)).toEqual([
    'id uuid not null = gen_random_uuid()',
    'conversation_id uuid',
    'user_id uuid',
    'server_name character varying(100) not null',
    'server_id character varying(50) not null',
    'description text',
    'docker_image character varying(255) not null',
    "image_tag character varying(100) = 'latest'::character varying",
    "k8s_namespace character varying(100) = 'mcp-servers'::character varying",
    'k8s_deployment_name character varying(100)',
    'endpoint_url text not null',
    "status character varying(20) = 'pending'::character varying",
    'status_message text',
    'request_count integer = 0',
    'last_request_at timestamp without time zone',
    'created_at timestamp without time zone = now()',
    'updated_at timestamp without time zone = now()',
    'stopped_at timestamp without time zone',
    'deleted_at timestamp without time zone',
    'tools jsonb',
    'env_vars jsonb',
  ]);
  expect(indexes.map(({ indexdef }) => indexdef)).toEqual([
    'CREATE INDEX idx_hosted_servers_server_id ON public.hosted_servers USING btree (server_id)',
    'CREATE INDEX idx_hosted_servers_status ON public.hosted_servers USING btree (status)',
    'CREATE INDEX idx_hosted_servers_user_id ON public.hosted_servers USING btree (user_id)',
  ]);
});

test('a database that is not there is named, its password is not', async () => {
  const databaseUrl = 'postgres://someone:hunter2@127.0.0.1:1/nowhere';

  const refused = createPostgres({ databaseUrl, log: silentLog });

  await expect(refused).rejects.toMatchObject({
    code: 'database-unreachable',
    message: expect.stringContaining('127.0.0.1:1/nowhere'),
  });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
});
