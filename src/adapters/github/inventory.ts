import { DRIFT_MARKER } from '../../domain/reports/markers.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { DeploymentsInventory, DriftIssue } from '../../ports/github.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import { READ_INVENTORY } from './documents/read-inventory.ts';
import type { GitHubClient } from './github-client.ts';
import type { InstallationIds } from './installation-ids.ts';
import { emptyRepository } from './parse-source.ts';
import { readWhole } from './read-whole.ts';
import { spendWrites } from './spend-writes.ts';

const LABEL = 'mcp-hosting/drift';

interface Answer {
  repository: {
    defaultBranchRef: {
      target: {
        oid?: string;
        servers?: { object: { entries?: { name: string; type: string }[] | null } | null } | null;
      } | null;
    } | null;
    issues: {
      nodes: ({ number: number; state: string; title: string; body: string; viewerDidAuthor: boolean } | null)[] | null;
    };
  } | null;
}

export function createInventory(options: {
  client: GitHubClient;
  installations: InstallationIds;
  writeBudget: WriteBudget;
  deploymentsRepository: RepositoryName;
}): DeploymentsInventory {
  const { client, installations, writeBudget, deploymentsRepository: repository } = options;
  const at = { owner: repository.owner, repo: repository.name };
  return {
    async read() {
      const installationId = await installations.require(repository);
      const data = await readWhole<Answer>(client, installationId, {
        document: READ_INVENTORY,
        variables: { owner: repository.owner, name: repository.name, label: LABEL },
        action: `list the servers of "${fullName(repository)}"`,
      });
      const target = data.repository?.defaultBranchRef?.target;
      // No default branch is not the same as no servers.
      if (!target?.oid) throw emptyRepository(repository);
      const entries = target.servers?.object?.entries ?? [];
      return {
        serverIds: entries.filter(({ type }) => type === 'tree').map(({ name }) => name),
        issue: issueOf(data.repository?.issues.nodes ?? []),
      };
    },
    async publishIssue(number, { title, body, open }) {
      const installationId = await installations.require(repository);
      await spendWrites(writeBudget, installationId, 1);
      const action = `report drift in "${fullName(repository)}"`;
      const state = open ? ('open' as const) : ('closed' as const);
      await client.rest<unknown>(installationId, action, (octokit) =>
        number === undefined
          ? octokit.rest.issues.create({ ...at, title, body, labels: [LABEL] })
          : octokit.rest.issues.update({ ...at, issue_number: number, title, body, state }),
      );
    },
  };
}

/** The marker must be the first line of an issue of our own: anyone may quote it, or give the label. */
function issueOf(
  nodes: readonly (NonNullable<Answer['repository']>['issues']['nodes'] & object)[number][],
): DriftIssue | null {
  const own = nodes.find((node) => node?.viewerDidAuthor && node.body.startsWith(DRIFT_MARKER));
  return own ? { number: own.number, open: own.state === 'OPEN', title: own.title, body: own.body } : null;
}
