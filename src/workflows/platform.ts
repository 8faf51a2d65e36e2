import type { RouteSettings } from '../domain/overlay-input.ts';
import type { RepositoryName } from '../domain/repository.ts';
import type { AccessKeyFiles, Applications, SecretInventory, ServerSecrets, Workloads } from '../ports/cluster.ts';
import type { Endpoints } from '../ports/endpoint.ts';
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
} from '../ports/github.ts';
import type { Log } from '../ports/log.ts';
import type {
  AccessKeys,
  Conversations,
  DeliveryLog,
  DriftLog,
  HostedServers,
  PullRequestHeads,
  Queue,
  Replies,
  Rollouts,
  SecretChanges,
  ServerLock,
} from '../ports/stores.ts';

/** What the installation was told at its start; the same for every server. */
export interface PlatformSettings {
  deploymentsRepository: RepositoryName;
  /** `ghcr.io/{owner}/mcp-servers`, of the server repository's owner: a server's image is `<this>/<server-id>`. */
  imageRepositoryTemplate: string;
  /** `https://{server-id}.mcp.example.com/mcp`. */
  endpointUrlTemplate: string;
  serversNamespace: string;
  route: RouteSettings;
  /** `https://github.com`, for links. */
  githubWebUrl: string;
  /** The files that a setup pull request adds to a server repository, by path, for the deployments repository's branch. */
  setupFiles: (deploymentsBranch: string) => Readonly<Record<string, string>>;
}

/** Everything that the workflows act through. */
export interface Platform {
  settings: PlatformSettings;
  now(): Date;
  uuid(): string;
  randomBytes(length: number): Uint8Array;
  /** The access key by which the bot tries a server's endpoint. */
  probeKeyOf(serverId: string): string;
  log: Log;
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
  applications: Applications;
  workloads: Workloads;
  serverSecrets: ServerSecrets;
  accessKeyFiles: AccessKeyFiles;
  secretInventory: SecretInventory;
  endpoints: Endpoints;
  deliveryLog: DeliveryLog;
  hostedServers: HostedServers;
  rollouts: Rollouts;
  driftLog: DriftLog;
  replies: Replies;
  pullRequestHeads: PullRequestHeads;
  conversations: Conversations;
  accessKeys: AccessKeys;
  secretChanges: SecretChanges;
  queue: Queue;
  serverLock: ServerLock;
}
