import { fullName, type RepositoryName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import type { GitHubClient } from './github-client.ts';
import type { InstallationIds } from './installation-ids.ts';

/** Pairs that are remembered: history does not change, and Argo CD names one revision for every Application. */
const PAIRS_MAX = 1000;

const SHA = /^[0-9a-f]{40,64}$/;

interface ContainsOptions {
  client: GitHubClient;
  installations: InstallationIds;
  deploymentsRepository: RepositoryName;
}

/** @returns a function as `Proposals.contains` says: no request for equal commits or for a pair seen before. */
export function createCommitContains(options: ContainsOptions) {
  const { client, installations, deploymentsRepository: repository } = options;
  const known = new Map<string, boolean>();

  return async function contains(ancestorSha: string, revision: string): Promise<boolean> {
    if (!SHA.test(ancestorSha) || !SHA.test(revision)) return false;
    if (ancestorSha === revision) return true;
    const pair = `${ancestorSha}...${revision}`;
    const kept = known.get(pair);
    if (kept !== undefined) return kept;
    const installationId = await installations.require(repository);
    const found = await compare(client, installationId, repository, pair);
    const oldest = known.keys().next();
    if (known.size >= PAIRS_MAX && !oldest.done) known.delete(oldest.value);
    if (found !== undefined) known.set(pair, found);
    return found ?? false;
  };
}

/** @returns undefined where GitHub does not know one of the commits (yet). */
async function compare(
  client: GitHubClient,
  installationId: number,
  { owner, name: repo }: RepositoryName,
  basehead: string,
): Promise<boolean | undefined> {
  try {
    const action = `compare commits of "${fullName({ owner, name: repo })}"`;
    const { data } = await client.rest(installationId, action, (octokit) =>
      octokit.repos.compareCommitsWithBasehead({ owner, repo, basehead, per_page: 1 }),
    );
    return data.status === 'ahead' || data.status === 'identical';
  } catch (error) {
    if (error instanceof UserError && error.code === 'github-not-found') return undefined;
    throw error;
  }
}
