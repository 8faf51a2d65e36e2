import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { UserError } from '../../domain/user-error.ts';
import { sessionUrl } from './database-url.ts';

/** One numbered step of the tables; its text never changes once it is released. */
export interface Migration {
  number: number;
  name: string;
  sql: string;
}

/** Key of the advisory lock that replicas starting at once queue up for; any fixed number. */
const LOCK_KEY = 7_041_776_001;

/** How long one replica waits for another's migrations. */
const LOCK_WAIT_MS = 120_000;

/**
 * Brings the tables up to date in one transaction under an advisory lock.
 * @throws UserError('migration-changed' | 'database-newer') when the database was made by other migrations than these
 */
export async function migrate(databaseUrl: string, migrations = readMigrations()): Promise<void> {
  const client = new pg.Client({ connectionString: sessionUrl(databaseUrl) });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK_KEY]);
    for (const migration of await pendingMigrations(client, migrations)) await apply(client, migration);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

/**
 * How a database stands to these migrations; it is not changed.
 * @returns names: `pending` are to come, `foreign` came from another version or were changed
 */
export async function compareMigrations(
  client: pg.Client,
  migrations = readMigrations(),
): Promise<{ pending: string[]; foreign: string[] }> {
  const { rows: tables } = await client.query("SELECT 1 FROM pg_tables WHERE tablename = 'schema_migrations'");
  const applied = tables.length === 0 ? [] : await appliedMigrations(client);
  const isKnown = ({ number, sha256: hash }: AppliedMigration) =>
    migrations.some((migration) => migration.number === number && sha256(migration.sql) === hash);
  return {
    pending: migrations.filter(({ number }) => !applied.some((one) => one.number === number)).map(({ name }) => name),
    foreign: applied.filter((one) => !isKnown(one)).map(({ name }) => name),
  };
}

interface AppliedMigration {
  number: number;
  name: string;
  sha256: string;
}

async function appliedMigrations(client: pg.Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    'SELECT number, name, sha256 FROM schema_migrations ORDER BY number',
  );
  return rows;
}

async function pendingMigrations(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
  )`);
  const rows = await appliedMigrations(client);
  for (const applied of rows) {
    const known = migrations.find(({ number }) => number === applied.number);
    if (!known) throw newerDatabase(applied.name);
    if (sha256(known.sql) !== applied.sha256) throw changedMigration(known.name);
  }
  return migrations.filter(({ number }) => !rows.some((applied) => applied.number === number));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query(migration.sql);
  await client.query('INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)', [
    migration.number,
    migration.name,
    sha256(migration.sql),
  ]);
}

/** The migrations that come with this version, in their order. */
export function readMigrations(directory = join(import.meta.dirname, 'migrations')): Migration[] {
  return readdirSync(directory)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), name, sql: readFileSync(join(directory, name), 'utf8') }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function newerDatabase(name: string): UserError {
  return new UserError(
    'database-newer',
    `Cannot start on this database: it has the migration "${name}", expected none that this version does not know`,
    'Start the version that made it, or a newer one.',
  );
}

function changedMigration(name: string): UserError {
  return new UserError(
    'migration-changed',
    `Cannot start on this database: its migration "${name}" had another text, expected the one of this version`,
    'Put the released text of the migration back, and make changes in a new one.',
  );
}
