import type { DeploymentsSnapshot } from './deployments-snapshot.ts';
import type { ToolSummary } from './hosted-server.ts';
import type { OverlayInput } from './overlay-input.ts';
import type { RepositoryName } from './repository.ts';
import type { ConfigProblem, ServerConfig, ServerRuntime } from './server-config.ts';

export type RolloutKind = 'deploy' | 'stop' | 'start' | 'delete';

/**
 * Where a rollout stands. The stage says what is done next, so that a restart resumes by doing it again:
 * accepted (tell people) → setup (wait for the setup pull request) → building → proposing (commit and open the pull
 * request) → proposed (wait for the merge) → syncing (wait for Argo CD) → verifying (handshake) → an end.
 */
export const ROLLOUT_STAGES = [
  'accepted',
  'setup',
  'building',
  'proposing',
  'proposed',
  'syncing',
  'verifying',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type RolloutStage = (typeof ROLLOUT_STAGES)[number];

const ENDED_STAGES: readonly RolloutStage[] = ['succeeded', 'failed', 'cancelled'];

/** Nothing more is done for the server; what is left is to tell people. */
export function isEnded(rollout: Pick<Rollout, 'stage'>): boolean {
  return ENDED_STAGES.includes(rollout.stage);
}

/** Ended, and people were told how. */
export function isSettled(rollout: Pick<Rollout, 'stage' | 'reportedStage'>): boolean {
  return isEnded(rollout) && rollout.reportedStage === rollout.stage;
}

/** Where the objects of the server are; before an overlay was rendered, where the default configuration puts them. */
export function serversNamespace({ overlay }: Pick<Rollout, 'overlay'>): string {
  return overlay?.namespace ?? 'mcp-servers';
}

/** What made the rollout, and the key under which a repeat of it is found again. */
export type RolloutTrigger =
  | { kind: 'comment'; commentId: number; commentNodeId: string; issue: number; url: string }
  | { kind: 'push'; afterSha: string }
  | { kind: 'pull-request'; number: number; action: 'synchronize' | 'closed' }
  | { kind: 'api'; requestId: string };

/** Node ids of what people see of a rollout on GitHub; absent until made. */
export interface ReportIds {
  checkRunId?: string;
  checkRunUrl?: string;
  commentId?: string;
  commentUrl?: string;
  deploymentId?: string;
}

/** Why a rollout ended without success. `message` says what happened, `hint` what to do now. */
export interface RolloutFailure {
  code: string;
  message: string;
  hint: string;
  /** Last log lines of the build or the pod, oldest first, already bounded. */
  log?: string[];
  url?: string;
}

/** A stage that was entered, and when (ISO 8601 UTC). Used for the stage times that people see. */
interface StageEntry {
  stage: RolloutStage;
  at: string;
}

/** One attempt to bring a hosted server to a desired state. Plain JSON: it is stored as it is. */
export interface Rollout {
  id: string;
  hostedServerId: string;
  serverId: string;
  serverName: string;
  kind: RolloutKind;
  stage: RolloutStage;
  /** The effect that was begun last and how often; above 1 means that an earlier try may have had its effect unheard. */
  begun?: { effect: string; tries: number };
  trigger: RolloutTrigger;
  /** When the person or the push asked (ISO 8601): orders rollouts of one server. */
  triggeredAt: string;
  /** Login of who asked. */
  requestedBy: string;
  source: {
    repository: RepositoryName;
    repositoryNodeId: string;
    installationId: number;
    defaultBranch: string;
    /** The commit that is built and whose check run is written. */
    commitSha: string;
    /** Node id of the ref for the GitHub deployment; absent for a fork's head. */
    refId?: string;
    pullRequest?: number;
  };
  /** The issue or pull request with the sticky comment; absent for a rollout of the API on a server without one. */
  issue?: number;
  issueNodeId?: string;
  endpointUrl: string;
  imageRepository: string;
  config: ServerConfig;
  runtime: ServerRuntime | null;
  configProblems: ConfigProblem[];
  /** Set while the server repository has no build workflow. */
  setupPullRequest?: PullRequestRef;
  needsSetup: boolean;
  mergePolicy: 'review' | 'auto';
  /** It is left to people although the policy is `auto`: branch protection refused, perhaps until its checks are through. */
  mergeBlocked?: boolean;
  /** It waits in the merge queue of the default branch. */
  mergeQueued?: boolean;
  /** What the deployments repository held when the rollout began, which saves a read; dropped once it was used. */
  snapshot?: DeploymentsSnapshot;
  build?: { runId: number; url: string };
  digest?: string;
  overlay?: OverlayInput;
  proposal?: PullRequestRef & { nodeId: string; branchHeadSha: string };
  /** Declared variables that had no value when its pull request was last looked at, for whoever merges it. */
  unsetSecrets?: readonly string[];
  merge?: { sha: string; by: string | null };
  /** Argo CD was asked to look at git for this rollout. */
  refreshed?: boolean;
  /** Declared variables without a value, which the pods wait for, and what sets them. `told`: people know. */
  missingSecrets?: { names: string[]; message: string; hint: string; told: boolean };
  /** The newest revision of the Application that was found not to hold the merge; saves asking GitHub again. */
  uncoveredRevision?: string;
  /** ISO 8601: when the outside system was last asked instead of waited for. */
  polledAt?: string;
  /** What Argo CD or the last failed handshake said; shown when the wait ends. */
  lastProblem?: string;
  /** `toolCount`: how many the server named; `tools` may be cut. */
  verification?: { protocolVersion: string; tools: ToolSummary[]; toolCount?: number };
  failure?: RolloutFailure;
  /** Why it was cancelled, one sentence. */
  cancelReason?: string;
  reports: ReportIds;
  /** The stage that people were last told. */
  reportedStage?: RolloutStage;
  stages: StageEntry[];
  /** ISO 8601: when the present stage's wait ends in failure; absent where it waits for a person. */
  deadlineAt?: string;
}

export interface PullRequestRef {
  repository: RepositoryName;
  number: number;
  url: string;
}
