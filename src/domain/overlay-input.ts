import type { OverlayPolicy } from './deployments-policy.ts';
import type { RepositoryName } from './repository.ts';
import type { ServerConfig } from './server-config.ts';

/** How the endpoint is reached from outside; one per installation. */
export type RouteSettings =
  | { kind: 'gateway'; gatewayName: string; gatewayNamespace: string }
  | { kind: 'ingress'; className: string; clusterIssuer: string };

/** All that an overlay is rendered from. The same input gives the same bytes. */
export interface OverlayInput {
  serverId: string;
  serverName: string;
  namespace: string;
  /** Image repository without tag: `ghcr.io/acme/mcp-servers/hello-k3v9x2`. */
  image: string;
  /** `sha256:` and 64 hex digits. */
  digest: string;
  /** The image tag of this version: the short commit. */
  version: string;
  /** 0: stopped. Where something else than git decides how many pods there are, any other number means that it may. */
  replicas: number;
  /** Host name of the endpoint, without port. */
  host: string;
  route: RouteSettings;
  source: { repository: RepositoryName; commitSha: string };
  /** `scaling` absent: as many as `replicas`. `secrets` absent: set through the platform. */
  config: Pick<ServerConfig, 'resources' | 'env' | 'access' | 'egress' | 'rateLimit' | 'sessions' | 'domains'> &
    Partial<Pick<ServerConfig, 'scaling' | 'secrets'>>;
  /** Absent: every default. */
  policy?: OverlayPolicy;
}

/** The files of `servers/<server-id>/`, keyed by file name. */
export type OverlayFiles = Readonly<Record<string, string>>;
