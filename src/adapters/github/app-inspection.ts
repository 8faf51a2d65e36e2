import type { AppRights, WebhookSettings } from '../../domain/doctor/diagnose-app.ts';
import type { DeliveryAttempt } from '../../domain/doctor/diagnose-deliveries.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { GitHubClient } from './github-client.ts';
import { readProposalBranch } from './read-proposal-branch.ts';

/** The App as GitHub has it, for a look at what is set up wrongly. Errors as of `GitHubClient`. */
export interface AppInspection {
  app(): Promise<AppRights & { slug: string; owner: string }>;
  webhook(): Promise<WebhookSettings>;
  /** The newest hundred. */
  deliveries(): Promise<DeliveryAttempt[]>;
  /** @throws UserError `github-not-found` where it is not installed */
  installation(
    repository: RepositoryName,
  ): Promise<AppRights & { id: number; isSuspended: boolean; settingsUrl: string }>;
  /** Files on the default branch, absent ones left out. @returns undefined for a repository without a commit */
  files(
    installationId: number,
    repository: RepositoryName,
    paths: readonly string[],
  ): Promise<Readonly<Record<string, string>> | undefined>;
}

const DELIVERIES_MAX = 100;

export function createAppInspection(client: GitHubClient): AppInspection {
  return {
    async app() {
      const { data } = await client.rest('app', 'read the App', (octokit) => octokit.apps.getAuthenticated());
      if (!data) throw new Error('Cannot read the App: GitHub gave none');
      const { slug = '', permissions, events, owner } = data;
      return { slug, owner: 'login' in owner ? owner.login : '', permissions: { ...permissions }, events };
    },
    async webhook() {
      const read = 'read the webhook settings of the App';
      const { data } = await client.rest('app', read, (octokit) => octokit.apps.getWebhookConfigForApp());
      return {
        url: data.url || undefined,
        contentType: data.content_type,
        insecureSsl: String(data.insecure_ssl ?? '0') === '1',
        hasSecret: Boolean(data.secret),
      };
    },
    async deliveries() {
      const { data } = await client.rest('app', 'list webhook deliveries', (octokit) =>
        octokit.apps.listWebhookDeliveries({ per_page: DELIVERIES_MAX }),
      );
      return data.map(({ guid, event, delivered_at: deliveredAt, status_code: statusCode }) => ({
        guid,
        event,
        deliveredAt,
        statusCode,
      }));
    },
    async installation(repository) {
      const { owner, name: repo } = repository;
      const find = `find the App's installation on "${fullName(repository)}"`;
      const { data } = await client.rest('app', find, (octokit) => octokit.apps.getRepoInstallation({ owner, repo }));
      const { id, permissions, events, suspended_at: suspendedAt, html_url: settingsUrl } = data;
      return { id, permissions: { ...permissions }, events, isSuspended: Boolean(suspendedAt), settingsUrl };
    },
    async files(installationId, repository, paths) {
      const where = { installationId, repository, branch: 'HEAD', paths };
      return (await readProposalBranch(client, where))?.base;
    },
  };
}
