import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ObjectStore } from '../store/object-store.ts';
import { GitRepository } from './git-repository.ts';
import { findCredentials } from './repository-credentials.ts';
import { isSameRepository } from './repository-url.ts';

export interface GitPoller {
  /** The mirror of a repository, polled from now on. @throws Error with git's words when it was never reached */
  repository(url: string): Promise<GitRepository>;
  /** Looks at the repository at once, whatever the form of its URL. @throws Error with git's words */
  pollNow(url: string): Promise<void>;
  /** Ends whatever git is doing. */
  close(): Promise<void>;
}

/**
 * Keeps mirrors of the repositories that Applications come from, and tells when one has changed.
 * @param options.onChange called with the URL as it was asked for
 */
export function createGitPoller(options: {
  store: ObjectStore;
  dir: string;
  pollMs: number;
  onChange: (url: string) => void;
  log: (line: string) => void;
}): GitPoller {
  const mirrors = new Map<string, { repository: GitRepository; first: Promise<unknown> }>();
  const polling = new Map<string, Promise<unknown>>();
  const closing = new AbortController();

  function open(url: string): { repository: GitRepository; first: Promise<unknown> } {
    const known = mirrors.get(url);
    if (known !== undefined) return known;
    const dir = join(options.dir, createHash('sha256').update(url).digest('hex').slice(0, 20));
    const repository = new GitRepository({
      url,
      dir,
      credentials: () => findCredentials(options.store, url),
      signal: closing.signal,
    });
    const opened = { repository, first: repository.poll() };
    // Whoever waits for it sees the failure, and the entry goes so that the next one tries again.
    opened.first.catch(() => mirrors.delete(url));
    mirrors.set(url, opened);
    return opened;
  }

  async function poll(repository: GitRepository): Promise<void> {
    if (await repository.poll()) options.onChange(repository.url);
  }

  const timer = setInterval(() => {
    for (const { repository } of mirrors.values()) {
      // A remote that is slower than the interval is asked once at a time.
      if (polling.has(repository.url)) continue;
      const run = poll(repository)
        .catch((error: Error) => options.log(`Cannot poll ${repository.url}: ${error.message}`))
        .finally(() => polling.delete(repository.url));
      polling.set(repository.url, run);
    }
  }, options.pollMs);

  return {
    async repository(url) {
      const { repository, first } = open(url);
      await first;
      return repository;
    },
    async pollNow(url) {
      const matching = [...mirrors.values()].filter(({ repository }) => isSameRepository(repository.url, url));
      await Promise.all(matching.map(({ repository }) => poll(repository)));
    },
    async close() {
      clearInterval(timer);
      closing.abort();
      await Promise.allSettled([...polling.values(), ...[...mirrors.values()].map(({ first }) => first)]);
    },
  };
}
