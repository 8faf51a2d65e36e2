import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import pg from 'pg';
import { CLUSTER_USER, ensureCluster } from './database-cluster.ts';
import { claimDataDirectory, endEarlierPostmaster } from './earlier-postmaster.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { expectPortFree, spawnPostmaster } from './postmaster.ts';
import { chooseServerAccount } from './server-account.ts';

const DATABASE = 'mcp_hosting';

export interface PostgresServer {
  /** `DATABASE_URL` of the bot; holds the password. */
  url: string;
  close(): Promise<void>;
}

/**
 * Starts a real PostgreSQL on 127.0.0.1 with its data in `dataDir`, made at the first start. Survives restarts,
 * `kill -9` of itself and of the process that started it.
 * @param options.log one line of the server's own log
 * @throws UserError postgres-port-in-use, postgres-data-in-use, postgres-data-foreign, postgres-binaries-missing,
 * postgres-as-root, postgres-directory-closed
 */
export async function startPostgres(options: {
  port: number;
  dataDir: string;
  log: (line: string) => void;
}): Promise<PostgresServer> {
  const dataDir = resolve(options.dataDir);
  const { postgres, initdb } = await findPostgresBinaries();
  mkdirSync(dirname(dataDir), { recursive: true });
  const account = chooseServerAccount([postgres, dataDir]);
  await endEarlierPostmaster(dataDir);
  await expectPortFree(options.port);
  const password = await ensureCluster(dataDir, initdb, account);
  claimDataDirectory(dataDir);
  const postmaster = await spawnPostmaster({ postgres, dataDir, port: options.port, account, log: options.log });
  try {
    const url = (database: string) => `postgres://${CLUSTER_USER}:${password}@127.0.0.1:${options.port}/${database}`;
    await ensureDatabase(url('postgres'));
    return { url: url(DATABASE), close: postmaster.stop };
  } catch (error) {
    await postmaster.stop();
    throw error;
  }
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(DATABASE)}`);
  } finally {
    await client.end();
  }
}
