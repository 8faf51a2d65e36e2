import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';

export interface CopyTreeOptions {
  /** Nothing outside of this directory is written, whatever symlinks stand in it. */
  rootfs: string;
  /** Paths below `from`, relative to it; true leaves the path out. */
  isIgnored?: (path: string) => boolean;
  /** Octal permission bits for every file and directory. */
  mode?: number;
  /** The source is needed no more: what can be renamed is not copied. Both are on one file system. */
  move?: boolean;
}

/** Entries of one directory that are copied at a time: more meet the limit of open files. */
const ENTRIES_AT_ONCE = 16;

/**
 * Copies a file, symlink or directory as COPY does: a directory is merged into the one that is there, a file or symlink
 * takes the place of what is there and is never written through.
 *
 * @param path of `from` as `isIgnored` knows it
 * @throws UserError `copy-leaves-image` where a symlink would lead out of `rootfs`
 */
export async function copyTree(from: string, to: string, options: CopyTreeOptions, path = ''): Promise<void> {
  if (to !== options.rootfs) await ensureDirectory(dirname(to), options.rootfs);
  await copyEntry({ from, to, path, isFresh: false }, options);
}

/** Makes the directory and those above it. @throws UserError `copy-leaves-image` */
export async function ensureDirectory(directory: string, rootfs: string): Promise<void> {
  await assertInside(directory, rootfs);
  await mkdir(directory, { recursive: true });
}

interface Entry {
  from: string;
  to: string;
  path: string;
  /** The directory of `to` was made by this very copy: nothing can be in the way. */
  isFresh: boolean;
}

async function copyEntry(entry: Entry, options: CopyTreeOptions): Promise<void> {
  const { from, to, isFresh } = entry;
  if (options.move && options.mode === undefined && (isFresh || !(await lstat(to).catch(() => undefined)))) {
    await rename(from, to);
    return;
  }
  const stats = await lstat(from);
  if (stats.isDirectory()) {
    await copyDirectory(entry, options, options.mode ?? stats.mode & 0o777);
  } else if (stats.isSymbolicLink()) {
    if (!isFresh) await makeRoom(to);
    await symlink(await readlink(from), to);
  } else if (stats.isFile()) {
    if (!isFresh) await makeRoom(to);
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    if (options.mode !== undefined) await chmod(to, options.mode);
  }
}

async function copyDirectory(
  { from, to, path, isFresh }: Entry,
  options: CopyTreeOptions,
  mode: number,
): Promise<void> {
  const existing = isFresh ? undefined : await lstat(to).catch(() => undefined);
  if (existing?.isSymbolicLink()) await assertInside(to, options.rootfs);
  else if (existing && !existing.isDirectory()) await rm(to);
  await mkdir(to, { recursive: true });
  // Whoever builds must be able to write in it; an image of read-only directories is not worth a failing build.
  await chmod(to, mode | 0o700);
  const entries: Entry[] = [];
  for (const name of await readdir(from)) {
    const below = path ? `${path}/${name}` : name;
    if (options.isIgnored?.(below) && !(await keepsSomething(join(from, name), below, options))) continue;
    entries.push({ from: join(from, name), to: join(to, name), path: below, isFresh: existing === undefined });
  }
  for (let start = 0; start < entries.length; start += ENTRIES_AT_ONCE) {
    await Promise.all(entries.slice(start, start + ENTRIES_AT_ONCE).map((entry) => copyEntry(entry, options)));
  }
}

/** An ignored directory is still entered where `!` takes back something in it. */
async function keepsSomething(from: string, path: string, options: CopyTreeOptions): Promise<boolean> {
  const stats = await lstat(from);
  if (!stats.isDirectory()) return false;
  for (const name of await readdir(from)) {
    const below = `${path}/${name}`;
    if (!options.isIgnored?.(below)) return true;
    if (await keepsSomething(join(from, name), below, options)) return true;
  }
  return false;
}

async function makeRoom(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats && !stats.isDirectory()) await rm(path);
}

/** The nearest directory that exists must be inside of the image once all symlinks are followed. */
async function assertInside(directory: string, rootfs: string): Promise<void> {
  const root = await realpath(rootfs);
  let existing = directory;
  for (;;) {
    const real = await realpath(existing).catch(() => undefined);
    if (real !== undefined) {
      if (real === root || real.startsWith(root + sep)) return;
      throw leavesImage(rootfs, directory);
    }
    // A dangling symlink: mkdir would follow it.
    if (await lstat(existing).catch(() => undefined)) throw leavesImage(rootfs, directory);
    existing = dirname(existing);
  }
}

function leavesImage(rootfs: string, directory: string): UserError {
  return new UserError(
    'copy-leaves-image',
    `Cannot copy to "/${relative(rootfs, directory)}": a symlink on the way leads out of the image, expected a directory inside of it`,
    'Remove the symlink, or copy to another directory.',
  );
}
