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
  /** ISO 8601, or null: when git was looked at last. Conditions are as of then, whatever revision they speak of. */
  reconciledAt: string | null;
  /** `finishedAt`: ISO 8601, null while it runs. */
  operation: {
    phase: string;
    message: string | null;
    revision: string | null;
    retryCount: number;
    finishedAt: string | null;
  } | null;
  conditions: { type: string; message: string }[];
  /** `Kind name` of what differs from git. */
  outOfSync: string[];
  /** Of the pods, as far as Argo CD was told to show them. */
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
  /** Why the container ended last (`OOMKilled`, `Error`). */
  lastReason: string | null;
  /** Which template of the Deployment it was made from; null for a pod of no ReplicaSet. */
  template: string | null;
  /** It is being deleted. */
  ending: boolean;
}

/** What the Deployment of a server says of itself: pods that were never made are told of here alone. */
export interface DeploymentState {
  /** Of its template. */
  image: string;
  conditions: { type: string; status: string; reason: string; message: string }[];
}
