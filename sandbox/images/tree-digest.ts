import { createHash, type Hash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Files read at once: enough to keep a disk busy, few enough not to meet the limit of open files. */
const FILES_AT_ONCE = 32;

interface TreeEntry {
  path: string;
  header: string;
  isFile: boolean;
}

/**
 * SHA-256 over the tree in byte order of its paths (kind, permission bits, symlink target, content), then the
 * configuration. Times and owners are left out, so the same input gives the same digest on any day and machine.
 *
 * @param isLeftOut paths, relative with `/`, that do not count
 * @returns `sha256:<64 hex digits>`
 * @throws Error for anything that is no file, directory or symlink
 */
export async function treeDigest(
  rootfs: string,
  canonicalConfig: string,
  isLeftOut: (path: string) => boolean = () => false,
): Promise<string> {
  const entries = (await listEntries(rootfs, '')).filter((entry) => !isLeftOut(entry.path));
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const hash = createHash('sha256');
  for (let start = 0; start < entries.length; start += FILES_AT_ONCE) {
    await hashEntries(hash, rootfs, entries.slice(start, start + FILES_AT_ONCE));
  }
  hash.update(`config\0${canonicalConfig}`);
  return `sha256:${hash.digest('hex')}`;
}

async function hashEntries(hash: Hash, rootfs: string, entries: TreeEntry[]): Promise<void> {
  const contents = await Promise.all(
    entries.map((entry) => (entry.isFile ? readFile(join(rootfs, entry.path)) : Buffer.alloc(0))),
  );
  entries.forEach((entry, index) => {
    const content = contents[index] ?? Buffer.alloc(0);
    hash.update(`${entry.path}\0${entry.header}\0${content.length}\0`);
    hash.update(content);
  });
}

async function listEntries(rootfs: string, directory: string): Promise<TreeEntry[]> {
  const names = await readdir(join(rootfs, directory));
  const lists = await Promise.all(
    names.map((name) => describeEntry(rootfs, directory ? `${directory}/${name}` : name)),
  );
  return lists.flat();
}

async function describeEntry(rootfs: string, path: string): Promise<TreeEntry[]> {
  const stats = await lstat(join(rootfs, path));
  const mode = (stats.mode & 0o777).toString(8);
  if (stats.isSymbolicLink()) {
    // Permission bits of a symlink mean nothing on Linux and differ on macOS.
    return [{ path, header: `link\0${await readlink(join(rootfs, path))}`, isFile: false }];
  }
  if (stats.isFile()) return [{ path, header: `file\0${mode}`, isFile: true }];
  if (stats.isDirectory()) {
    return [{ path, header: `dir\0${mode}`, isFile: false }, ...(await listEntries(rootfs, path))];
  }
  throw new Error(`Cannot store "${path}": it is neither file, directory nor symlink`);
}
