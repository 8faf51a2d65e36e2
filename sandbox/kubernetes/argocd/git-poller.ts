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
  const polling = new Set<Promise<unknown>>();
  let isClosed = false;

  function open(url: string): { repository: GitRepository; first: Promise<unknown> } {
    const known = mirrors.get(url);
    if (known !== undefined) return known;
    const dir = join(options.dir, createHash('sha256').update(url).digest('hex').slice(0, 20));
    const repository = new GitRepository({ url, dir, credentials: () => findCredentials(options.store, url) });
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
      if (isClosed || [...polling].length >= mirrors.size) return;
      const run = poll(repository)
        .catch((error: Error) => options.log(`Cannot poll ${repository.url}: ${error.message}`))
        .finally(() => polling.delete(run));
      polling.add(run);
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
      isClosed = true;
      clearInterval(timer);
      await Promise.allSettled([...polling, ...[...mirrors.values()].map(({ first }) => first)]);
    },
  };
}
