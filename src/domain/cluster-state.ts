/** An Argo CD Application, as far as it says how a rollout stands. All text is from strangers. */
export interface ApplicationState {
  /** From the label or name `mcp-<server-id>`. */
  serverId: string;
  syncStatus: string;
  healthStatus: string;
  /** ISO 8601, or null. */
  healthLastTransitionAt: string | null;
  healthMessage: string | null;
  /** The commit that was compared last. */
  revision: string | null;
  operation: { phase: string; message: string | null; revision: string | null; retryCount: number } | null;
  conditions: { type: string; message: string }[];
  images: string[];
}

/** Why a server's pods are not ready, in the field's own words (`CrashLoopBackOff`, `ImagePullBackOff`). */
export interface PodState {
  name: string;
  ready: boolean;
  image: string;
  phase: string;
  reason: string | null;
  message: string | null;
  restarts: number;
  lastExitCode: number | null;
}
