import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containSymlinks } from './contain-symlinks.ts';
import { canonicalConfig, type ImageConfig, parseImageConfig } from './image-config.ts';
import { parseImageReference } from './image-reference.ts';
import { treeDigest } from './tree-digest.ts';

export type { ImageConfig } from './image-config.ts';

export interface StoredImage {
  /** `sha256:<64 hex digits>` */
  digest: string;
  /** Directory; nobody writes in it. */
  rootfs: string;
  config: ImageConfig;
}

interface PushOptions {
  /** The directory is the caller's no more, which saves copying it. */
  move?: boolean;
  /** Absolute symlink targets of the host that stay, such as its `python3` in a virtual environment. */
  hostLinks?: readonly string[];
}

export interface ImageStore {
  /** @param reference `name@sha256:…`, `name:tag` or `name`; unknown or malformed: undefined */
  resolve(reference: string): Promise<StoredImage | undefined>;
  /**
   * Stores the directory and lets the tags point at it. Atomic: readers see the whole image or none.
   *
   * @returns the digest; the same content and configuration give the same one
   */
  push(name: string, tags: string[], rootfs: string, config: ImageConfig, options?: PushOptions): Promise<string>;
  /** Lets tags of a name point at an image that is there. @returns false where no such image is there */
  tag(name: string, tags: string[], digest: string): Promise<boolean>;
  /** Forgets a name, and removes the images that no other name has. Absent: no error. */
  remove(name: string): Promise<void>;
}

interface NameEntry {
  tags: Record<string, string>;
  digests: string[];
}
type Names = Record<string, NameEntry>;

/** Followed by the id of the process that writes it, so that only what a dead one left is swept. */
const PARTIAL_PREFIX = 'partial-';

/**
 * Content-addressed image directories: `<dir>/sha256-<hex>/{config.json,rootfs/}` and `<dir>/tags.json`.
 * One process writes to a directory at a time; what a killed one left half-written goes before the first use.
 */
export function createImageStore(dir: string): ImageStore {
  return new DirectoryImageStore(dir);
}

class DirectoryImageStore implements ImageStore {
  readonly #dir: string;
  #opened: Promise<void> | undefined;
  /** Changes of tags.json, and of the directories with it, run one at a time. */
  #writes: Promise<unknown> = Promise.resolve();

  constructor(dir: string) {
    this.#dir = dir;
  }

  async resolve(reference: string): Promise<StoredImage | undefined> {
    const parsed = parseImageReference(reference);
    if (!parsed) return undefined;
    await this.#open();
    const entry = ownEntry(await this.#readNames(), parsed.name);
    if (!entry) return undefined;
    if (parsed.digest) return entry.digests.includes(parsed.digest) ? this.#load(parsed.digest) : undefined;
    const digest = Object.hasOwn(entry.tags, parsed.tag) ? entry.tags[parsed.tag] : undefined;
    return digest ? this.#load(digest) : undefined;
  }

  async push(
    name: string,
    tags: string[],
    rootfs: string,
    config: ImageConfig,
    options: PushOptions = {},
  ): Promise<string> {
    assertTags(name, tags);
    await this.#open();
    const partial = join(this.#dir, partialName());
    try {
      await mkdir(partial);
      await takeTree(rootfs, join(partial, 'rootfs'), options.move ?? false);
      await containSymlinks(join(partial, 'rootfs'), options.hostLinks);
      const configText = canonicalConfig(config);
      await writeFile(join(partial, 'config.json'), configText);
      const digest = await treeDigest(join(partial, 'rootfs'), configText);
      await this.#exclusively(async () => {
        await this.#keep(partial, digest);
        await this.#writeNames(withPushed(await this.#readNames(), name, tags, digest));
      });
      return digest;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  async tag(name: string, tags: string[], digest: string): Promise<boolean> {
    assertTags(name, tags);
    await this.#open();
    return this.#exclusively(async () => {
      if (!(await this.#load(digest))) return false;
      await this.#writeNames(withPushed(await this.#readNames(), name, tags, digest));
      return true;
    });
  }

  async remove(name: string): Promise<void> {
    await this.#open();
    await this.#exclusively(async () => {
      const names = await this.#readNames();
      const removed = ownEntry(names, name);
      if (!removed) return;
      delete names[name];
      await this.#writeNames(names);
      const used = new Set(Object.values(names).flatMap((entry) => entry.digests));
      for (const digest of removed.digests) {
        if (!used.has(digest)) await rm(this.#path(digest), { recursive: true, force: true });
      }
    });
  }

  #open(): Promise<void> {
    this.#opened ??= sweep(this.#dir);
    return this.#opened;
  }

  /** Puts a finished directory in its place; the same content may be there already. */
  async #keep(partial: string, digest: string): Promise<void> {
    if (await this.#load(digest)) return;
    await rm(this.#path(digest), { recursive: true, force: true });
    await rename(partial, this.#path(digest));
  }

  async #load(digest: string): Promise<StoredImage | undefined> {
    const text = await readIfThere(join(this.#path(digest), 'config.json'));
    const config = text === undefined ? undefined : parseImageConfig(text);
    return config ? { digest, rootfs: join(this.#path(digest), 'rootfs'), config } : undefined;
  }

  #path(digest: string): string {
    return join(this.#dir, digest.replace(':', '-'));
  }

  async #readNames(): Promise<Names> {
    const text = await readIfThere(join(this.#dir, 'tags.json'));
    return text === undefined ? {} : (JSON.parse(text) as Names);
  }

  async #writeNames(names: Names): Promise<void> {
    const partial = join(this.#dir, partialName());
    await writeFile(partial, `${JSON.stringify(names, undefined, 2)}\n`);
    await rename(partial, join(this.#dir, 'tags.json'));
  }

  #exclusively<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#writes.then(change);
    // The next change waits for this one; its failure is reported to its own caller.
    this.#writes = result.catch(() => undefined);
    return result;
  }
}

function assertTags(name: string, tags: string[]): void {
  for (const tag of tags.length > 0 ? tags : ['latest']) {
    if (parseImageReference(`${name}:${tag}`)?.name === name) continue;
    throw new Error(`Cannot push image "${name}:${tag}": it is no image reference, expected "name:tag" in lower case`);
  }
}

async function sweep(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const name of await readdir(dir)) {
    if (isLeftBehind(name)) await rm(join(dir, name), { recursive: true, force: true });
  }
}

function partialName(): string {
  return `${PARTIAL_PREFIX}${process.pid}-${randomUUID()}`;
}

function isLeftBehind(name: string): boolean {
  const pid = new RegExp(`^${PARTIAL_PREFIX}(\\d+)-`).exec(name)?.[1];
  if (pid === undefined) return name.startsWith(PARTIAL_PREFIX);
  if (Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // EPERM: it is alive and another person's.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function takeTree(from: string, to: string, move: boolean): Promise<void> {
  if (move) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      // Another file system: copy instead.
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    }
  }
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
}

function withPushed(names: Names, name: string, tags: string[], digest: string): Names {
  const entry = ownEntry(names, name) ?? { tags: {}, digests: [] };
  return {
    ...names,
    [name]: {
      tags: { ...entry.tags, ...Object.fromEntries(tags.map((tag) => [tag, digest])) },
      digests: [...new Set([...entry.digests, digest])],
    },
  };
}

function ownEntry(names: Names, name: string): NameEntry | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
