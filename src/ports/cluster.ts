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
  /** Last lines of the newest pod, oldest first; `previous`: of the container that ended before the present one. */
  logs(serverId: string, options: { lines: number; previous?: boolean }): Promise<string[]>;
}

export interface ServerSecrets {
  /**
   * Makes Secret `mcp-<server-id>-access` when it is absent: `key` (`mcp_` and 43 characters base64url of 32 random
   * bytes) and `sha256` (hex, for the wrapper). Keeps one that is there. @returns the key.
   */
  ensureAccessKey(serverId: string): Promise<string>;
  /** @returns undefined where there is none. */
  readAccessKey(serverId: string): Promise<string | undefined>;
  /** Names of the variables that Secret `mcp-<server-id>-env` holds. Values never leave the cluster. */
  envNames(serverId: string): Promise<string[]>;
  /** Removes both Secrets; absent ones are no error. */
  remove(serverId: string): Promise<void>;
}

export interface SecretInventory {
  /** Every Secret of the servers' namespace by which a server is known; no values are read. */
  listServerSecrets(): Promise<ServerSecretState[]>;
}
