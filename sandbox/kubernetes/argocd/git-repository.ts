import { existsSync, rmSync } from 'node:fs';
import { type GitCredentials, runGit } from './run-git.ts';

/** Most bytes of one Application's manifests. */
const manifestBytesMax = 4 * 1024 * 1024;
/** Most files of one Application. */
const manifestFilesMax = 500;

/** A mirror of one remote repository, for reading. */
export class GitRepository {
  readonly url: string;
  readonly #dir: string;
  readonly #credentials: () => GitCredentials | undefined;
  readonly #signal: AbortSignal;
  #refs = new Map<string, string>();
  #queue: Promise<unknown> = Promise.resolve();

  /** @param options.signal ends whatever git is doing */
  constructor(options: {
    url: string;
    dir: string;
    credentials: () => GitCredentials | undefined;
    signal: AbortSignal;
  }) {
    this.url = options.url;
    this.#dir = options.dir;
    this.#credentials = options.credentials;
    this.#signal = options.signal;
  }

  /**
   * Asks the remote for its refs, and fetches when one is new. Calls wait for each other.
   * @returns whether anything changed
   * @throws Error with git's words
   */
  poll(): Promise<boolean> {
    return this.#exclusively(async () => {
      const refs = await this.#listRefs();
      const isSame = refs.size === this.#refs.size && [...refs].every(([name, sha]) => this.#refs.get(name) === sha);
      if (isSame) return false;
      await this.#fetch();
      this.#refs = refs;
      return true;
    });
  }

  /** @returns the commit of a branch, tag, `HEAD` or hash as of the last poll; undefined when there is none */
  resolve(revision: string): string | undefined {
    const names =
      revision === 'HEAD' ? ['HEAD'] : [`refs/heads/${revision}`, `refs/tags/${revision}^{}`, `refs/tags/${revision}`];
    for (const name of names) {
      const sha = this.#refs.get(name);
      if (sha !== undefined) return sha;
    }
    return /^[0-9a-f]{40}$/.test(revision) ? revision : undefined;
  }

  /** Paths of all directories, sorted. */
  async directories(sha: string): Promise<string[]> {
    const output = await this.#git(['ls-tree', '-r', '-d', '-z', '--name-only', '--full-tree', sha]);
    return output.toString('utf8').split('\0').filter(Boolean).sort();
  }

  /** @returns the hash of a directory's content, undefined when it is not there */
  async treeOf(sha: string, path: string): Promise<string | undefined> {
    const output = await this.#git(['ls-tree', '-d', '-z', '--full-tree', sha, '--', path.replace(/\/+$/, '')]);
    return /^\d+ tree ([0-9a-f]{40})/.exec(output.toString('utf8'))?.[1];
  }

  /**
   * Text files below a directory, keyed by their path in it.
   * @throws Error for symbolic links and past the limits
   */
  async files(tree: string): Promise<Record<string, string>> {
    const listing = (await this.#git(['ls-tree', '-r', '-l', '-z', tree])).toString('utf8');
    const entries = listing.split('\0').filter(Boolean).map(parseEntry);
    if (entries.length > manifestFilesMax) throw new Error(`more than ${manifestFilesMax} files`);
    const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
    if (bytes > manifestBytesMax) throw new Error(`more than ${manifestBytesMax} bytes of manifests`);
    const files: Record<string, string> = {};
    for (const { path, mode, hash } of entries) {
      if (mode === '120000') throw new Error(`symbolic link found at ${path}`);
      if (mode !== '160000') files[path] = (await this.#git(['cat-file', 'blob', hash])).toString('utf8');
    }
    return files;
  }

  async #listRefs(): Promise<Map<string, string>> {
    const output = await this.#run(['ls-remote', '--', this.url, 'HEAD', 'refs/heads/*', 'refs/tags/*']);
    const lines = output.toString('utf8').split('\n').filter(Boolean);
    return new Map(
      lines.flatMap((line) => {
        const [sha, name] = line.split('\t');
        const isRead = name === 'HEAD' || name?.startsWith('refs/heads/') || name?.startsWith('refs/tags/');
        return sha !== undefined && name !== undefined && isRead ? [[name, sha] as const] : [];
      }),
    );
  }

  async #fetch(): Promise<void> {
    if (!existsSync(`${this.#dir}/HEAD`)) {
      rmSync(this.#dir, { recursive: true, force: true });
      await this.#run(['init', '--quiet', '--bare', this.#dir]);
    }
    const refspecs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    await this.#git(['fetch', '--quiet', '--prune', '--no-tags', '--force', '--', this.url, ...refspecs]);
  }

  #git(args: string[]): Promise<Buffer> {
    return this.#run(['--git-dir', this.#dir, ...args]);
  }

  #run(args: string[]): Promise<Buffer> {
    return runGit(args, { credentials: this.#credentials(), signal: this.#signal });
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    // Whoever called sees the failure; the next call begins anew.
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function parseEntry(line: string): { mode: string; hash: string; size: number; path: string } {
  const [, mode = '', hash = '', size = '0', path = ''] = /^(\d+) \w+ ([0-9a-f]+) +(\S+)\t(.*)$/s.exec(line) ?? [];
  return { mode, hash, size: Number(size) || 0, path };
}
