import { readdir, readlink, symlink, unlink } from 'node:fs/promises';
import { join, posix } from 'node:path';

/**
 * Gives every symlink of the tree the meaning it has inside a container, where no link leaves the root: absolute
 * targets become relative to `rootfs`, and `..` above the root stays at the root. Links that stay inside are untouched.
 *
 * @param kept absolute paths of the host that links may name, such as the host's Python in a virtual environment
 */
export async function containSymlinks(rootfs: string, kept: readonly string[] = []): Promise<void> {
  const entries = await readdir(rootfs, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await readlink(path);
    if (kept.includes(target)) continue;
    const contained = containedTarget(rootfs, entry.parentPath, target);
    if (contained === target) continue;
    await unlink(path);
    await symlink(contained, path);
  }
}

function containedTarget(rootfs: string, directory: string, target: string): string {
  const inImage = directory === rootfs ? '/' : directory.slice(rootfs.length);
  // A build step sees the directory itself, so its absolute links may begin with it.
  const absolute = target === rootfs || target.startsWith(`${rootfs}/`) ? target.slice(rootfs.length) || '/' : target;
  if (posix.isAbsolute(absolute)) return posix.relative(inImage, posix.normalize(absolute)) || '.';
  const climbs = posix.relative('/', inImage).split('/').filter(Boolean).length;
  const normal = posix.normalize(target);
  const ups = normal.split('/').filter((part) => part === '..').length;
  if (ups <= climbs) return target;
  return posix.relative(inImage, posix.resolve(inImage, target)) || '.';
}
