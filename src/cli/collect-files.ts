import { createReadStream } from 'node:fs';
import { copyFile, lstat, mkdir, readlink, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { UserError } from '../domain/user-error.ts';
import type { Git } from './git.ts';
import { looksLikeSecret, SECRET_SEARCH_BYTES_MAX } from './secret-files.ts';

export interface CollectedFiles {
  /** Paths relative to the directory, with `/`. */
  files: string[];
  /** Left out because they look like credentials. */
  secrets: string[];
  /** Left out because git cannot carry them or they point outside: sockets, nested repositories, symbolic links. */
  unusable: string[];
}

/** A server's source: more is a mistaken directory, such as a home. */
const FILES_MAX = 5_000;
const TOTAL_BYTES_MAX = 100 * 1024 * 1024;

/**
 * The files of a directory that belong into a repository: what its `.gitignore` files leave, without `node_modules`
 * and `.git`, in byte order. git itself reads the ignore files, so that they mean what they always mean.
 *
 * @param gitDir of a temporary repository, since listing needs one and the directory may have none or its own
 * @throws UserError `directory-not-found`, `directory-empty`, `directory-too-large`
 */
export async function collectFiles(directory: string, git: Git, gitDir: string): Promise<CollectedFiles> {
  await expectDirectory(directory);
  const listed = await git.run(
    ['ls-files', '-z', '--others', '--exclude-standard', '--exclude=node_modules/', '--exclude=.git'],
    { cwd: directory, env: { GIT_DIR: gitDir, GIT_WORK_TREE: resolve(directory) } },
  );
  const paths = listed.split('\0').filter((path) => path !== '');
  if (paths.length > FILES_MAX) throw tooLarge(directory, `it has ${paths.length} files`, `${FILES_MAX} at most`);
  const collected = await sortOut(directory, paths);
  if (collected.files.length === 0) {
    throw new UserError(
      'directory-empty',
      `Cannot host ${directory}: it has no files that git would take, expected a server's source`,
      'Name the directory that holds the package.json, pyproject.toml or Dockerfile.',
    );
  }
  return collected;
}

/** Copies collected files under another directory; permissions to execute and symbolic links are kept. */
export async function copyCollected(files: readonly string[], from: string, to: string): Promise<void> {
  for (const file of files) {
    const target = join(to, file);
    await mkdir(dirname(target), { recursive: true });
    const source = join(from, file);
    if ((await lstat(source)).isSymbolicLink()) await symlink(await readlink(source), target);
    else await copyFile(source, target);
  }
}

async function sortOut(directory: string, paths: readonly string[]): Promise<CollectedFiles> {
  const collected: CollectedFiles = { files: [], secrets: [], unusable: [] };
  let bytes = 0;
  for (const path of paths.toSorted()) {
    const kind = await kindOf(directory, path).catch(unusableWhenGone);
    collected[kind].push(path);
    if (kind === 'files') bytes += (await lstat(join(directory, path))).size;
    if (bytes > TOTAL_BYTES_MAX) throw tooLarge(directory, 'its files are larger than 100 MiB', '100 MiB at most');
  }
  return collected;
}

async function kindOf(directory: string, path: string): Promise<keyof CollectedFiles> {
  const file = join(directory, path);
  const stats = await lstat(file);
  if (stats.isSymbolicLink()) return pointsInside(directory, file, await readlink(file)) ? 'files' : 'unusable';
  if (!stats.isFile()) return 'unusable';
  return looksLikeSecret(path, await beginningOf(file)) ? 'secrets' : 'files';
}

/** A name that is no UTF-8, or a file that went away meanwhile. */
function unusableWhenGone(error: NodeJS.ErrnoException): 'unusable' {
  if (error.code === 'ENOENT' || error.code === 'EACCES') return 'unusable';
  throw error;
}

function pointsInside(directory: string, link: string, target: string): boolean {
  const path = relative(resolve(directory), resolve(dirname(link), target));
  return path !== '..' && !path.startsWith(`..${sep}`) && !path.split(sep).includes('.git');
}

function beginningOf(file: string): Promise<string> {
  return text(createReadStream(file, { end: SECRET_SEARCH_BYTES_MAX - 1 }));
}

async function expectDirectory(directory: string): Promise<void> {
  const stats = await stat(directory).catch(() => undefined);
  if (stats?.isDirectory()) return;
  throw new UserError(
    'directory-not-found',
    `Cannot host ${directory}: it is ${stats ? 'a file' : 'not there'}, expected a directory`,
    'Name the directory that holds the server.',
  );
}

function tooLarge(directory: string, current: string, desired: string): UserError {
  return new UserError(
    'directory-too-large',
    `Cannot host ${directory}: ${current}, expected ${desired}`,
    'Add what is no source to .gitignore, or name the server alone.',
  );
}
