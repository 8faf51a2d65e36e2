import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';

/** How to run a PostgreSQL program: PostgreSQL refuses to run as root, so root hands over to an ordinary account. */
export interface ServerAccount {
  /** Set when the files must belong to another account than ours. */
  owner?: AccountIds;
  /** What to spawn for a command. */
  command(program: string, args: readonly string[]): { program: string; args: string[]; ids: Partial<AccountIds> };
}

interface AccountIds {
  uid: number;
  gid: number;
}

/** Accounts that may exist, the most fitting first; `nobody` is on every Linux. None is ever created. */
const ACCOUNTS = ['postgres', 'nobody'] as const;

/**
 * Chooses the account for programs and data at these paths. Where root's directories are closed to others (a checkout
 * under `/root`), `setpriv` of util-linux changes the user and keeps the right to pass through them.
 */
export function chooseServerAccount(paths: readonly string[]): ServerAccount {
  if (process.getuid?.() !== 0) return { command: (program, args) => ({ program, args: [...args], ids: {} }) };
  const owner = findAccount();
  const closed = paths.map((path) => closedAncestor(path, owner)).find((path) => path !== undefined);
  if (closed === undefined) return { owner, command: (program, args) => ({ program, args: [...args], ids: owner }) };
  if (tryRun('setpriv', ['--version']) === undefined) {
    throw new UserError(
      'postgres-directory-closed',
      `Cannot start PostgreSQL as root: "${closed}" cannot be entered by other users, expected it to be`,
      'Run as an ordinary user, or keep the checkout and its data outside of closed directories.',
    );
  }
  return {
    owner,
    command: (program, args) => ({ program: 'setpriv', args: [...handOver(owner), program, ...args], ids: {} }),
  };
}

function handOver(owner: AccountIds): string[] {
  const capabilities = '-all,+dac_override';
  return [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    `--inh-caps=${capabilities}`,
    `--ambient-caps=${capabilities}`,
    `--bounding-set=${capabilities}`,
  ];
}

function findAccount(): AccountIds {
  for (const name of ACCOUNTS) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(tryRun('id', [flag, name])));
    if (uid && gid) return { uid, gid };
  }
  throw new UserError(
    'postgres-as-root',
    `Cannot start PostgreSQL as root: there is no user ${ACCOUNTS.map((name) => `"${name}"`).join(' or ')}`,
    'Run as an ordinary user; PostgreSQL refuses to run as root.',
  );
}

/** @returns the nearest directory above the path that the account cannot pass through. */
function closedAncestor(path: string, owner: AccountIds): string | undefined {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (!mayEnter(directory, owner)) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

function mayEnter(directory: string, owner: AccountIds): boolean {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (!stat) return true;
  if (stat.uid === owner.uid) return (stat.mode & 0o100) !== 0;
  return (stat.mode & (stat.gid === owner.gid ? 0o010 : 0o001)) !== 0;
}

function tryRun(program: string, args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
