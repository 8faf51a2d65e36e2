import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack as startPack } from 'tar-stream';
import type { IsIgnored } from '../images/docker-ignore.ts';

export interface BuildContext {
  root: string;
  isIgnored: IsIgnored;
  /** Text of the Dockerfile, which need not be a file of the context. */
  dockerfile: string;
}

/** Under which name the Dockerfile travels; no file of a repository is called so. */
export const PACKED_DOCKERFILE = '.mcp-hosting.dockerfile';

/**
 * Packs the files of a build as the tar that the engine takes. Owners are root's and times are left out, so that the
 * same files are the same to the engine's cache. The Dockerfile goes along for the engine, but not into the image.
 */
export function packContext(context: BuildContext): Readable {
  const pack = startPack();
  fill(pack, context).then(
    () => pack.finalize(),
    (error: unknown) => pack.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(pack, { objectMode: false });
}

async function fill(pack: Pack, { root, isIgnored, dockerfile }: BuildContext): Promise<void> {
  await addDirectory(pack, { root, isIgnored, directory: '' });
  pack.entry({ name: PACKED_DOCKERFILE }, dockerfile);
  // The engine leaves these two out of what COPY sees. What else is ignored was not packed.
  pack.entry({ name: '.dockerignore' }, `${PACKED_DOCKERFILE}\n.dockerignore\n`);
}

/** An ignored directory is still entered, as `!` may take back something in it. */
async function addDirectory(
  pack: Pack,
  { root, isIgnored, directory }: { root: string; isIgnored: IsIgnored; directory: string },
): Promise<void> {
  for (const name of (await readdir(join(root, directory))).sort()) {
    const path = directory ? `${directory}/${name}` : name;
    const stats = await lstat(join(root, path));
    if (!isIgnored(path) && path !== '.dockerignore') await addEntry(pack, { root, path, stats });
    if (stats.isDirectory()) await addDirectory(pack, { root, isIgnored, directory: path });
  }
}

async function addEntry(
  pack: Pack,
  { root, path, stats }: { root: string; path: string; stats: Awaited<ReturnType<typeof lstat>> },
): Promise<void> {
  const header = { name: path, mode: Number(stats.mode) & 0o777, uid: 0, gid: 0, mtime: new Date(0) };
  if (stats.isDirectory()) pack.entry({ ...header, type: 'directory' });
  else if (stats.isSymbolicLink()) {
    pack.entry({ ...header, type: 'symlink', linkname: await readlink(join(root, path)) });
  } else if (stats.isFile()) {
    await pipeline(createReadStream(join(root, path)), pack.entry({ ...header, size: Number(stats.size) }));
  }
}
