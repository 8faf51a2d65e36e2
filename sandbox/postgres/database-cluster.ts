import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../src/domain/user-error.ts';
import type { ServerAccount } from './server-account.ts';

/** The cluster format of the binaries in package.json. */
const MAJOR_VERSION = '18';

/** The superuser of the cluster, which the bot uses too: the cluster holds nothing but its database. */
export const CLUSTER_USER = 'mcp_hosting';

const PASSWORD_FILE = 'mcp-hosting.password';

/**
 * Makes the cluster in `dataDir` when there is none. It is made beside it and renamed, so that an interrupted `initdb`
 * leaves nothing that looks complete.
 * @returns the password of `CLUSTER_USER`
 * @throws UserError('postgres-data-foreign') when the directory holds something else
 */
export async function ensureCluster(dataDir: string, initdb: string, account: ServerAccount): Promise<string> {
  if (!existsSync(join(dataDir, PASSWORD_FILE))) await makeCluster(dataDir, initdb, account);
  const version = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  if (version !== MAJOR_VERSION) {
    throw new UserError(
      'postgres-data-foreign',
      `Cannot start PostgreSQL on "${dataDir}": its data are of version ${version}, expected ${MAJOR_VERSION}`,
      'Start with --fresh to forget them, or choose another folder with --data-dir.',
    );
  }
  return readFileSync(join(dataDir, PASSWORD_FILE), 'utf8').trim();
}

async function makeCluster(dataDir: string, initdb: string, account: ServerAccount): Promise<void> {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new UserError(
      'postgres-data-foreign',
      `Cannot start PostgreSQL on "${dataDir}": it holds other files, expected an empty folder or our own data`,
      'Choose another folder with --data-dir.',
    );
  }
  const unfinished = `${dataDir}.unfinished`;
  const passwordFile = `${dataDir}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.owner) {
    for (const path of [unfinished, passwordFile]) chownSync(path, account.owner.uid, account.owner.gid);
  }
  await runInitdb({ initdb, account, directory: unfinished, passwordFile });
  renameSync(passwordFile, join(unfinished, PASSWORD_FILE));
  rmSync(dataDir, { recursive: true, force: true });
  renameSync(unfinished, dataDir);
}

async function runInitdb(options: {
  initdb: string;
  account: ServerAccount;
  directory: string;
  passwordFile: string;
}): Promise<void> {
  const { program, args, ids } = options.account.command(options.initdb, [
    `--pgdata=${options.directory}`,
    `--username=${CLUSTER_USER}`,
    `--pwfile=${options.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]);
  await promisify(execFile)(program, args, { ...ids, cwd: '/', env: { ...process.env, TZ: 'UTC' } });
}
