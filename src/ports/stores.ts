import type { AccessKey } from '../domain/access-key.ts';
import type { DomainClaim } from '../domain/domain-claims.ts';
import type { HostedServer, HostedServerStatus, ServerSource } from '../domain/hosted-server.ts';
import type { HostedServerChange } from '../domain/hosted-server-change.ts';
import type { PlatformMeasures } from '../domain/platform-measures.ts';
import type { RepositoryName } from '../domain/repository.ts';
import type { Rollout } from '../domain/rollout.ts';

/** Postgres behind narrow interfaces. Every method is one transaction unless it says otherwise. */

/** A webhook delivery as GitHub sent it, its signature checked. */
export interface Delivery {
  /** `X-GitHub-Delivery`: the same for a redelivery. */
  id: string;
  event: string;
  payload: Record<string, unknown>;
}

export interface DeliveryLog {
  /**
   * Records the delivery and enqueues its job in ONE transaction. A delivery that is recorded and not failed is left
   * alone; a failed one is received again. @returns whether a job was enqueued.
   */
  receive(delivery: Delivery): Promise<boolean>;
  /** Records, as failed and without its payload, a delivery that cannot be handled however often it comes. */
  refuse(delivery: { id: string; event: string; reason: string }): Promise<void>;
  read(id: string): Promise<Delivery | undefined>;
  markDone(id: string): Promise<void>;
  markFailed(id: string, error: string): Promise<void>;
}

export interface NewHostedServer {
  serverId: string;
  serverName: string;
  description: string | null;
  conversationId: string | null;
  dockerImage: string;
  k8sNamespace: string;
  endpointUrl: string;
  source: ServerSource;
}

export interface HostedServers {
  /**
   * Find-or-create by source: where the repository or pull request has a living server, that one is returned.
   * @throws `UserError('server-id-taken')` never shown: the caller draws another suffix.
   */
  create(server: NewHostedServer): Promise<HostedServer>;
  findByServerId(serverId: string): Promise<HostedServer | undefined>;
  /** The living (not deleted) production server, or the preview of a pull request, of a repository. */
  findBySource(repositoryId: number, pullRequest: number | null): Promise<HostedServer | undefined>;
  /** Every living server of a repository, production and previews. */
  listBySource(repositoryId: number): Promise<HostedServer[]>;
  /**
   * Custom domains of living servers: of what is deployed, and of rollouts that go on. A server may be there twice.
   */
  claimedDomains(): Promise<DomainClaim[]>;
  /**
   * Makes a living server deleted, as its overlay is gone. @returns false, with nothing done, when a rollout of it goes on
   * or it is deleted already.
   */
  retire(serverId: string, message: string): Promise<boolean>;
  /** Newest first. Deleted ones only when asked for. */
  list(filter: {
    status?: HostedServerStatus;
    includeDeleted?: boolean;
    limit: number;
    offset: number;
  }): Promise<HostedServer[]>;
  /** Brings names into `env_vars` and takes others out, beside those that are there. */
  changeEnvVars(id: string, change: { add?: readonly string[]; remove?: readonly string[] }): Promise<void>;
}

export interface DriftLog {
  /** Remembers what is seen now and forgets the rest. @returns since when each has been seen, without a break */
  observe(keys: readonly string[], now: Date): Promise<ReadonlyMap<string, Date>>;
}

export interface Rollouts {
  /**
   * Stores the rollout and enqueues `advance` for its server, in one transaction. @returns false, with nothing done,
   * when a rollout with this trigger key exists.
   */
  start(rollout: Rollout, triggerKey: string, change: HostedServerChange): Promise<boolean>;
  read(id: string): Promise<Rollout | undefined>;
  /** Those that are not settled (`isSettled` in domain/rollout.ts: ended, and people were told), oldest trigger first. */
  unfinished(serverId: string): Promise<Rollout[]>;
  newest(serverId: string): Promise<Rollout | undefined>;
  /** The newest successful deploy or start, for its digest and overlay. */
  newestSucceeded(serverId: string, kinds: readonly Rollout['kind'][]): Promise<Rollout | undefined>;
  /** The newest one that has a comment in this issue, whose comment is edited on. */
  newestReportedIn(serverId: string, issue: number): Promise<Rollout | undefined>;
  /** The rollout and its server's row in one transaction; stopped_at, deleted_at, updated_at follow the status. */
  save(rollout: Rollout, change: HostedServerChange): Promise<void>;
  findByBuildRun(repositoryId: number, runId: number): Promise<Rollout | undefined>;
  /** Server ids with rollouts that are not settled. */
  busyServers(): Promise<string[]>;
}

export interface Replies {
  /** Claims a reply key; 'new' for the first caller, 'unsent' when it was claimed but never confirmed, 'sent' after. */
  claim(key: string): Promise<'new' | 'unsent' | 'sent'>;
  confirm(key: string): Promise<void>;
}

export interface PullRequestHeads {
  /** Remembers when a pull request's head was first seen (the event's `updated_at`). */
  saw(repositoryId: number, pullRequest: number, headSha: string, at: Date): Promise<void>;
  firstSeen(repositoryId: number, pullRequest: number, headSha: string): Promise<Date | undefined>;
  /** Pull requests that have or had this head. */
  pullRequestsAt(repositoryId: number, headSha: string): Promise<number[]>;
}

/** Jobs on pg-boss. Names are the queue's. */
export interface Queue {
  /** Brings the server's unfinished rollouts forward, at once or after a delay. Duplicates collapse. */
  advance(serverId: string, afterMs?: number): Promise<void>;
}

export interface ServerLock {
  /** Runs one piece of work of a server at a time, over all replicas (session advisory lock). */
  withLock<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** Content-creating GitHub calls per installation: 80 a minute, 500 an hour (GitHub's secondary limits). */
export interface WriteBudget {
  /** Takes `calls` from the budget. @returns 0, or the milliseconds to wait when it is used up (nothing taken). */
  take(installationId: number, calls: number): Promise<number>;
}

interface UnfinishedSecretChange {
  id: string;
  serverId: string;
  names: string[];
}

/** Who changed which of a server's variables when. Names alone. */
export interface SecretChanges {
  /** Before the Secret is written: what is cut off afterwards is found again by `unfinished`. */
  begin(change: {
    id: string;
    hostedServerId: string;
    action: 'set' | 'unset';
    names: readonly string[];
    changedBy: string;
  }): Promise<void>;
  /** What was changed in the end, pods and all; nothing: the change is forgotten. */
  finish(id: string, names: readonly string[]): Promise<void>;
  /** Ends a change that was cut off, as it was begun. */
  close(id: string): Promise<void>;
  /** The newest change of each name. */
  newest(hostedServerId: string): Promise<ReadonlyMap<string, { changedAt: Date; changedBy: string }>>;
  /** Oldest first; of every server unless one is named. */
  unfinished(filter: { olderThanMs: number; hostedServerId?: string }): Promise<UnfinishedSecretChange[]>;
}

/** What is known of access keys, but for the keys and their hashes. */
export interface AccessKeys {
  create(hostedServerId: string, key: Omit<AccessKey, 'lastUsedAt'>): Promise<void>;
  /** Those that were not revoked, oldest first; some may not have got into the cluster. */
  list(hostedServerId: string): Promise<AccessKey[]>;
  /** @returns false where the server never had such a key */
  revoke(hostedServerId: string, id: string, revokedBy: string): Promise<boolean>;
  /** Remembers uses by the key's id; an older one than is known changes nothing. */
  noteUses(hostedServerId: string, uses: ReadonlyMap<string, Date>): Promise<void>;
}

/** What is known of an API token; its secret is not. */
export interface ApiToken {
  id: string;
  name: string;
  createdAt: Date;
  /** To the minute; null where it was never used. */
  lastUsedAt: Date | null;
}

export interface ApiTokens {
  /** @returns the token's name when its SHA-256 is stored and not revoked; its use is remembered. */
  verify(token: string): Promise<string | undefined>;
  /** Makes a token `mcph_…`, stores its SHA-256 only, and returns it once. */
  create(name: string): Promise<string>;
  /** Those that are not revoked, oldest first. */
  list(): Promise<ApiToken[]>;
  /** Ends a token for good. @returns its name; undefined where there is none of this id. */
  revoke(id: string): Promise<string | undefined>;
}

export interface Conversations {
  /** Find-or-create; a conversation belongs to one repository. */
  ensure(id: string, repository: RepositoryName): Promise<{ repository: RepositoryName }>;
  find(id: string): Promise<{ repository: RepositoryName } | undefined>;
}

export interface Measures {
  /** A few counts, cheap enough for every scrape. */
  read(): Promise<PlatformMeasures>;
}
