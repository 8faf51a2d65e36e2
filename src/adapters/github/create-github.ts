import type { RepositoryName } from '../../domain/repository.ts';
import type {
  Builds,
  DeploymentsInventory,
  Installations,
  MissedDeliveries,
  Permissions,
  Proposals,
  PullRequestReviews,
  Reports,
  SetupProposals,
  Snapshots,
} from '../../ports/github.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import { createBuilds } from './builds.ts';
import type { OctokitOptions } from './create-octokit.ts';
import { createGitHubClient } from './github-client.ts';
import { createInstallationIds } from './installation-ids.ts';
import { createInventory } from './inventory.ts';
import { createMissedDeliveries } from './missed-deliveries.ts';
import { createPermissions } from './permissions.ts';
import { createProposals } from './proposals.ts';
import { createReports } from './reports.ts';
import { createReviews } from './reviews.ts';
import { createSetupProposals } from './setup-proposals.ts';
import { createSnapshots } from './snapshots.ts';

export interface GitHubOptions extends OctokitOptions {
  deploymentsRepository: RepositoryName;
  /** Counts content-creating calls over all replicas. */
  writeBudget: WriteBudget;
}

export interface GitHub {
  permissions: Permissions;
  snapshots: Snapshots;
  builds: Builds;
  proposals: Proposals;
  setupProposals: SetupProposals;
  reports: Reports;
  reviews: PullRequestReviews;
  inventory: DeploymentsInventory;
  missedDeliveries: MissedDeliveries;
  installations: Installations;
}

/** All that the bot needs of GitHub, over one set of Octokits. */
export function createGitHub(options: GitHubOptions): GitHub {
  const { deploymentsRepository, writeBudget, log } = options;
  const client = createGitHubClient(options);
  const installations = createInstallationIds(client);
  const snapshots = createSnapshots({ client, installations, deploymentsRepository });
  return {
    permissions: createPermissions(client),
    snapshots,
    builds: createBuilds({ client, log }),
    proposals: createProposals({ client, installations, snapshots, writeBudget, deploymentsRepository }),
    setupProposals: createSetupProposals({ client, writeBudget }),
    reports: createReports({ client, writeBudget, log }),
    inventory: createInventory({ client, installations, writeBudget, deploymentsRepository }),
    reviews: createReviews({ client, installations, deploymentsRepository }),
    missedDeliveries: createMissedDeliveries(client, log),
    installations: { installationOf: (repository) => installations.lookUp(repository) },
  };
}
