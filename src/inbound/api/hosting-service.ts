import type { AccessKey } from '../../domain/access-key.ts';
import type { PodState } from '../../domain/cluster-state.ts';
import type { HostedServer, HostedServerStatus } from '../../domain/hosted-server.ts';
import type { RepositoryName } from '../../domain/repository.ts';
import type { Rollout } from '../../domain/rollout.ts';

/** Who asks, and the key under which a repeat of the request is found again. */
export interface ApiRequest {
  /** A UUID: the same for a repeat with the same `Idempotency-Key`, else a new one. Fit to be the rollout's id. */
  requestId: string;
  /** Name of the API token. */
  requestedBy: string;
}

interface DeployRequest extends ApiRequest {
  /** UUID; belongs to one repository. */
  conversationId: string;
  repository: RepositoryName;
  /** Where the sticky comment goes. */
  issue?: number;
}

export interface ChangeRequest extends ApiRequest {
  serverId: string;
}

/** A change that is done when it is answered; a repeat of it changes nothing more. */
interface ServerChange {
  serverId: string;
  /** Name of the API token. */
  requestedBy: string;
}

interface SecretsChanged {
  serverId: string;
  changed: string[];
  unchanged: string[];
  undeclared: string[];
  restarted: boolean;
}

interface SecretsListed {
  serverId: string;
  secrets: { name: string; declared: boolean; changedAt: Date | null; changedBy: string | null }[];
  missing: string[];
}

export interface AcceptedRollout {
  serverId: string;
  rolloutId: string;
}

export interface ServerStatusReport {
  server: HostedServer;
  /** The newest one. */
  rollout: Rollout | undefined;
  /** Absent where the cluster did not answer: the rest is told all the same. */
  pods?: PodState[];
}

/**
 * What the HTTP API asks of the bot. undefined means that there is no such server.
 * Errors: `UserError` becomes a 4xx with its code (`problem-status.ts`), `RetryLaterError` a 503, others a 500.
 */
export interface HostingService {
  deploy(request: DeployRequest): Promise<AcceptedRollout>;
  /** Newest first. */
  list(page: {
    status?: HostedServerStatus;
    includeDeleted: boolean;
    limit: number;
    offset: number;
  }): Promise<HostedServer[]>;
  get(serverId: string): Promise<HostedServer | undefined>;
  status(serverId: string): Promise<ServerStatusReport | undefined>;
  /** Oldest line first. */
  logs(serverId: string, options: { lines: number; previous: boolean }): Promise<string[] | undefined>;
  stop(request: ChangeRequest): Promise<AcceptedRollout | undefined>;
  start(request: ChangeRequest): Promise<AcceptedRollout | undefined>;
  remove(request: ChangeRequest): Promise<AcceptedRollout | undefined>;
  /** Values go no further than the cluster. */
  setSecrets(request: ServerChange & { values: ReadonlyMap<string, string> }): Promise<SecretsChanged | undefined>;
  unsetSecret(request: ServerChange & { name: string }): Promise<SecretsChanged | undefined>;
  listSecrets(serverId: string): Promise<SecretsListed | undefined>;
  /** `key` is told this once. */
  createKey(
    request: ServerChange & { name: string; expiresAt: Date | null },
  ): Promise<(AccessKey & { key: string; endpointUrl: string }) | undefined>;
  listKeys(serverId: string): Promise<AccessKey[] | undefined>;
  revokeKey(request: ServerChange & { keyId: string }): Promise<true | undefined>;
}
