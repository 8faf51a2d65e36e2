import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseRepositoryName, type RepositoryName } from '../domain/repository.ts';
import { UserError } from '../domain/user-error.ts';

/** GitHub allows 100; a name of this length still leaves room in a server id. */
const DERIVED_CHARS_MAX = 60;

/**
 * The repository a directory is hosted from: as asked for, else named after its package, else after itself.
 * @throws UserError `usage-invalid` where GitHub would not take the name or the owner
 */
export async function chooseRepositoryName(options: {
  directory: string;
  name?: string;
  owner: string;
}): Promise<RepositoryName> {
  const name = options.name ?? (await deriveName(options.directory));
  const repository = parseRepositoryName(`${options.owner}/${name}`);
  if (repository && !/\.git$/i.test(name)) return repository;
  const shown = JSON.stringify(`${options.owner}/${name}`.slice(0, 200));
  throw new UserError(
    'usage-invalid',
    `Cannot host as ${shown}: GitHub takes no such name, expected owner and name of letters, digits, '-', '_' and '.'`,
    'Choose others with --owner and --name.',
  );
}

async function deriveName(directory: string): Promise<string> {
  const fromPackage = await packageName(directory);
  const slug = (fromPackage ?? basename(resolve(directory)))
    .replace(/^@[^/]*\//, '')
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, DERIVED_CHARS_MAX);
  return slug === '' ? 'mcp-server' : slug;
}

/** @returns undefined where there is no package.json with a name; a broken one is the build's to complain about. */
async function packageName(directory: string): Promise<string | undefined> {
  try {
    const { name } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name.trim() !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
