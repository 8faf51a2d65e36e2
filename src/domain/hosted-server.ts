import type { OverlayInput } from './overlay-input.ts';
import type { RepositoryName } from './repository.ts';

/** The values of `hosted_servers.status`. */
export const HOSTED_SERVER_STATUSES = [
  'pending',
  'building',
  'pushing',
  'deploying',
  'running',
  'stopped',
  'failed',
  'deleted',
] as const;

export type HostedServerStatus = (typeof HOSTED_SERVER_STATUSES)[number];

/** Tools of one server that are stored; a longer list is cut, and its number told beside it. */
export const STORED_TOOLS_MAX = 200;

/** A tool as the server's `tools/list` named it: text from a stranger, bounded when it is stored. */
export interface ToolSummary {
  name: string;
  description?: string;
}

/** Where a hosted server comes from and what was last deployed of it. */
export interface ServerSource {
  repository: RepositoryName;
  /** GitHub's numeric repository id: survives a rename. */
  repositoryId: number;
  /** The App installation that covers the server repository. */
  installationId: number;
  defaultBranch: string;
  /** Set for a preview: the pull request it was made from. Absent for the production server. */
  pullRequest?: number;
  /** The issue or pull request whose sticky comment follows this server when a push rolls it out. */
  homeIssue?: number;
  /** What the newest merged overlay was rendered from; `/stop` and `/start` render it again with other replicas. */
  deployed?: OverlayInput;
}

/** One row of `hosted_servers` with its source. Dates are UTC. */
export interface HostedServer {
  /** UUID primary key. */
  id: string;
  conversationId: string | null;
  serverId: string;
  serverName: string;
  description: string | null;
  dockerImage: string;
  imageTag: string;
  k8sNamespace: string;
  k8sDeploymentName: string;
  /** Where clients connect, with the `/mcp` path. */
  endpointUrl: string;
  status: HostedServerStatus;
  statusMessage: string | null;
  requestCount: number;
  lastRequestAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  stoppedAt: Date | null;
  deletedAt: Date | null;
  tools: ToolSummary[] | null;
  envVars: string[] | null;
  source: ServerSource;
}
