import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/postgres-server.ts';
import { createPostgres, type Postgres } from '../../../src/adapters/postgres/create-postgres.ts';
import type { Log } from '../../../src/ports/log.ts';
import { silentLog } from './silent-log.ts';

/** A database with the tables and queues, which those of the tests are copies of. */
const TEMPLATE = 'migrated';

export interface TestPostgres {
  /** URL of a new, empty database. */
  newDatabase(): Promise<string>;
  /** A connected adapter on a new database with its tables, closed after the test. */
  open(): Promise<{ postgres: Postgres; databaseUrl: string }>;
  /** One more replica on the same database, closed after the test. */
  openOn(databaseUrl: string, log?: Log): Promise<Postgres>;
  /** A statement on the database itself. */
  query(databaseUrl: string, text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Stops the server and starts it again on the same port. */
  restart(): Promise<void>;
}

/** Runs a real PostgreSQL for the tests of one file. */
export function useTestPostgres(): TestPostgres {
  const directory = mkdtempSync(join(tmpdir(), 'mcp-hosting-postgres-'));
  const opened: Postgres[] = [];
  let server: PostgresServer | undefined;
  let port = 0;
  let databases = 0;

  const start = async () => {
    server = await startPostgres({ port, dataDir: join(directory, 'data'), log: () => {} });
  };
  const create = async (template: string, name = `test_${++databases}`) => {
    if (!server) throw new Error('PostgreSQL was not started');
    await tests.query(server.url, `CREATE DATABASE ${name} TEMPLATE ${template}`);
    const url = new URL(server.url);
    url.pathname = name;
    return url.href;
  };

  beforeAll(async () => {
    port = await freePort();
    await start();
    // Nothing here outlives the machine; without it a new database takes a third of a second.
    await tests.query(server?.url ?? '', 'ALTER SYSTEM SET fsync = off');
    await tests.query(server?.url ?? '', 'SELECT pg_reload_conf()');
    const template = await createPostgres({ databaseUrl: await create('template1', TEMPLATE), log: silentLog });
    await template.migrate();
    await template.close();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((postgres) => postgres.close()));
  });
  afterAll(async () => {
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const tests: TestPostgres = {
    newDatabase: () => create('template1'),
    async open() {
      const databaseUrl = await create(TEMPLATE);
      return { postgres: await tests.openOn(databaseUrl), databaseUrl };
    },
    async openOn(databaseUrl, log = silentLog) {
      const postgres = await createPostgres({ databaseUrl, log });
      opened.push(postgres);
      await postgres.migrate();
      return postgres;
    },
    async query(databaseUrl, text, values = []) {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      try {
        const { rows } = await client.query(text, values);
        return rows;
      } finally {
        await client.end();
      }
    },
    async restart() {
      await server?.close();
      await start();
    },
  };
  return tests;
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((listening) => {
    probe.listen(0, '127.0.0.1', listening);
  });
  const address = probe.address();
  await new Promise((closed) => {
    probe.close(closed);
  });
  if (address === null || typeof address === 'string') throw new Error('No port was given');
  return address.port;
}
