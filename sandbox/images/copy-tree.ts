import { chmod, copyFile, lstat, mkdir, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';

export interface CopyTreeOptions {
  /** Nothing outside of this directory is written, whatever symlinks stand in it. */
  rootfs: string;
  /** Paths below `from`, relative to it; true leaves the path out. */
  isIgnored?: (path: string) => boolean;
  /** Octal permission bits for every file and directory. */
  mode?: number;
}

/**
 * Copies a file, symlink or directory as COPY does: a directory is merged into the one that is there, a file or symlink
 * takes the place of what is there and is never written through.
 *
 * @throws UserError `copy-leaves-image` where a symlink would lead out of `rootfs`
 */
export async function copyTree(from: string, to: string, options: CopyTreeOptions, path = ''): Promise<void> {
  const stats = await lstat(from);
  if (stats.isSymbolicLink()) {
    await makeRoom(to, options.rootfs);
    await symlink(await readlink(from), to);
  } else if (stats.isDirectory()) {
    await ensureDirectory(to, options.rootfs, options.mode ?? stats.mode & 0o777);
    for (const name of await readdir(from)) {
      const below = path ? `${path}/${name}` : name;
      if (options.isIgnored?.(below) && !(await keepsSomething(join(from, name), below, options))) continue;
      await copyTree(join(from, name), join(to, name), options, below);
    }
  } else if (stats.isFile()) {
    await makeRoom(to, options.rootfs);
    await copyFile(from, to);
    await chmod(to, options.mode ?? stats.mode & 0o777);
  }
}

/** Makes the directory and those above it. @throws UserError `copy-leaves-image` */
export async function ensureDirectory(directory: string, rootfs: string, mode = 0o755): Promise<void> {
  await assertInside(directory, rootfs);
  await mkdir(directory, { recursive: true });
  await chmod(directory, mode | 0o700);
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

async function makeRoom(path: string, rootfs: string): Promise<void> {
  await ensureParent(path, rootfs);
  const stats = await lstat(path).catch(() => undefined);
  if (stats && !stats.isDirectory()) await rm(path);
}

async function ensureParent(path: string, rootfs: string): Promise<void> {
  await assertInside(dirname(path), rootfs);
  await mkdir(dirname(path), { recursive: true });
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
