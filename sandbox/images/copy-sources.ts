import { lstat, readdir, realpath } from 'node:fs/promises';
import { dirname, join, posix, sep } from 'node:path';
import { globSource, type IsIgnored } from './docker-ignore.ts';
import { invalidLine } from './dockerfile-errors.ts';

/** A tree that COPY reads from: the build context, an earlier stage, or another image. */
export interface CopySource {
  root: string;
  isIgnored?: IsIgnored;
  /** Nothing reads from this tree afterwards. */
  isLastUse?: boolean;
}

const WILDCARD = /[*?[]/;

/**
 * Finds what a COPY source names, wildcards included.
 *
 * @returns paths relative to the source's root; none is no error for a wildcard, as in BuildKit. Sorted; `.` is the root itself
 * @throws UserError `dockerfile-invalid` where it names nothing, or something outside
 */
export async function findCopySources(source: CopySource, pattern: string, line: number): Promise<string[]> {
  const normal = posix.normalize(pattern).replace(/^\/+/, '').replace(/\/+$/, '') || '.';
  if (normal === '..' || normal.startsWith('../')) {
    throw invalidLine(line, `COPY source "${pattern}" leaves the build context`, 'a path inside of it');
  }
  const found = await expandGlob(source.root, normal);
  const wanted = found.filter((path) => path === '.' || !source.isIgnored?.(path));
  const root = await realpath(source.root);
  for (const path of wanted) {
    const parent = await realpath(dirname(join(source.root, path)));
    if (path !== '.' && parent !== root && !parent.startsWith(root + sep)) {
      throw invalidLine(line, `COPY source "${pattern}" leads out of the build context`, 'a path inside of it');
    }
  }
  if (wanted.length === 0)
    throw invalidLine(line, `COPY source "${pattern}" is not there`, 'a file of the build context');
  return wanted;
}

async function expandGlob(root: string, path: string): Promise<string[]> {
  let found = ['.'];
  for (const part of path.split('/')) {
    if (part === '.') continue;
    const next = await Promise.all(found.map((directory) => childrenLike(root, directory, part)));
    found = next.flat();
  }
  return found.sort();
}

async function childrenLike(root: string, directory: string, part: string): Promise<string[]> {
  const below = (name: string) => (directory === '.' ? name : `${directory}/${name}`);
  if (!WILDCARD.test(part)) {
    return (await lstat(join(root, directory, part)).catch(() => undefined)) ? [below(part)] : [];
  }
  const pattern = new RegExp(`^${globSource(part)}$`, 's');
  const names = await readdir(join(root, directory)).catch(() => []);
  return names.filter((name) => pattern.test(name)).map(below);
}

export async function isDirectory(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isDirectory() ?? false;
}
