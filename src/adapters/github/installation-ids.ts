import { fullName, type RepositoryName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import type { GitHubClient } from './github-client.ts';
import { INSTALLATION_CACHE_MS } from './github-limits.ts';

/**
 * Installation ids by account. An App has one installation per account, so what one repository's webhook said holds for
 * all repositories of its owner: this saves a request in every deployment.
 */
export interface InstallationIds {
  /** Remembers what a webhook or a rollout said. */
  learn(repository: RepositoryName, installationId: number): void;
  /** @throws UserError `app-not-installed` */
  require(repository: RepositoryName): Promise<number>;
  /** Asks GitHub about this very repository: `GET /repos/{owner}/{repo}/installation`, one request. */
  lookUp(repository: RepositoryName): Promise<number | undefined>;
}

/** Accounts that are kept. */
const ACCOUNTS_MAX = 1000;

export function createInstallationIds(client: GitHubClient, now: () => number = Date.now): InstallationIds {
  const known = new Map<string, { id: number; until: number }>();

  function learn(repository: RepositoryName, id: number): void {
    const account = repository.owner.toLowerCase();
    known.delete(account);
    const oldest = known.keys().next();
    if (known.size >= ACCOUNTS_MAX && !oldest.done) known.delete(oldest.value);
    known.set(account, { id, until: now() + INSTALLATION_CACHE_MS });
  }

  async function lookUp(repository: RepositoryName): Promise<number | undefined> {
    const id = await readInstallation(client, repository);
    if (id !== undefined) learn(repository, id);
    return id;
  }

  return {
    learn,
    lookUp,
    async require(repository) {
      const kept = known.get(repository.owner.toLowerCase());
      if (kept && kept.until > now()) return kept.id;
      const id = await lookUp(repository);
      if (id === undefined) throw notInstalled(repository);
      return id;
    },
  };
}

async function readInstallation(client: GitHubClient, repository: RepositoryName): Promise<number | undefined> {
  const { owner, name: repo } = repository;
  try {
    const action = `find the App's installation on "${fullName(repository)}"`;
    const answer = await client.rest('app', action, (octokit) => octokit.apps.getRepoInstallation({ owner, repo }));
    return answer.data.id;
  } catch (error) {
    if (error instanceof UserError && error.code === 'github-not-found') return undefined;
    throw error;
  }
}

function notInstalled(repository: RepositoryName): UserError {
  return new UserError(
    'app-not-installed',
    `Cannot use "${fullName(repository)}": the App is not installed there, expected an installation`,
    'Install the App on the repository, or add the repository to its installation, and try again.',
  );
}
