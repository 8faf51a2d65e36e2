import type { AccessKeyLine } from '../domain/access-key-file.ts';
import type { ApplicationState, DeploymentState, PodState } from '../domain/cluster-state.ts';
import type { ServerSecretState } from '../domain/decide-drift.ts';

/**
 * What the bot needs of the cluster: Argo CD's Applications, the pods behind a server, and its Secrets.
 * Errors: `RetryLaterError` when the API server does not answer; other errors are bugs or missing RBAC (`UserError`).
 */

export interface Applications {
  /** All Applications that the ApplicationSet `mcp-servers` made. */
  list(): Promise<ApplicationState[]>;
  read(serverId: string): Promise<ApplicationState | undefined>;
  /**
   * Calls `onChange` for every Application that is new or says something else than before, `onGone` for each that was
   * deleted, until the signal aborts. Where a call rejects, the same is told again after the next list.
   * Relists on start, on 410 Gone, and every `relistMs`; reconnects with backoff. Never throws.
   */
  watch(options: {
    signal: AbortSignal;
    relistMs: number;
    onChange: (application: ApplicationState) => void | Promise<void>;
    onGone: (serverId: string) => void | Promise<void>;
  }): void;
  /**
   * Asks Argo CD to look at git now: annotates the Application with `argocd.argoproj.io/refresh: normal`, and the
   * ApplicationSet with `argocd.argoproj.io/application-set-refresh: "true"` where the Application does not exist yet
   * or must go.
   */
  refresh(serverId: string): Promise<void>;
}

export interface Workloads {
  /** Newest first. */
  pods(serverId: string): Promise<PodState[]>;
  /** undefined where there is none, or where its status is about an earlier spec. */
  deployment(serverId: string): Promise<DeploymentState | undefined>;
  /**
   * Last lines of the newest pod, oldest first, without the values of the server's variables; `previous`: of the container
   * that ended before the present one.
   */
  logs(serverId: string, options: { lines: number; previous?: boolean }): Promise<string[]>;
  /**
   * Makes new pods in the place of the present ones, as `kubectl rollout restart` does: by an annotation that is not in
   * git, which Argo CD leaves alone. @returns false, with nothing done, where no pods are wanted
   */
  restart(serverId: string, at: Date): Promise<boolean>;
  /**
   * Has the Secrets that the server's pods mount read again now, instead of with the kubelet's next round: a minute or more
   * later. By an annotation on the pods, which are not in git, so Argo CD sees no difference.
   */
  renewFiles(serverId: string, at: Date): Promise<void>;
}

/**
 * The values of a server's variables, in Secret `mcp-<server-id>-env`. They never leave the cluster, and no error holds
 * one of them.
 */
export interface ServerSecrets {
  /** Names of the variables that have a value. */
  names(serverId: string): Promise<string[]>;
  /**
   * Writes values beside those that are there; concurrent writers do not undo each other.
   * @returns the names whose value was another one before
   * @throws UserError secrets-too-large
   */
  set(serverId: string, values: ReadonlyMap<string, string>): Promise<string[]>;
  /** @returns whether it had a value */
  unset(serverId: string, name: string): Promise<boolean>;
  /** Removes it; an absent one is no error. */
  remove(serverId: string): Promise<void>;
}

/** The keys that a server's wrapper lets in, as the file in Secret `mcp-<server-id>-access`, which its pods mount. */
export interface AccessKeyFiles {
  /** Ids of the keys in the file, without the bot's own. */
  ids(serverId: string): Promise<string[]>;
  /** Adds the SHA-256 of a key. @throws UserError access-keys-too-many */
  add(serverId: string, key: string, line: Omit<AccessKeyLine, 'sha256'>): Promise<void>;
  /** @returns whether it was there */
  remove(serverId: string, keyId: string): Promise<boolean>;
  /**
   * Makes sure that the bot's own key is in the file, in the place of an earlier one.
   * @returns whether it was not there before
   */
  ensureProbeKey(serverId: string, key: string): Promise<boolean>;
  /** Removes the Secret; an absent one is no error. */
  removeAll(serverId: string): Promise<void>;
}

export interface SecretInventory {
  /** Every Secret of the servers' namespace by which a server is known; no values are read. */
  listServerSecrets(): Promise<ServerSecretState[]>;
}
