import { assessDeployment } from './assess-deployment.ts';
import { assessPods } from './assess-pods.ts';
import type { ApplicationState, DeploymentState, PodState } from './cluster-state.ts';
import type { ClusterFailure, ClusterVerdict } from './cluster-verdict.ts';
import { explainClusterMessage, shortenMessage } from './explain-cluster-message.ts';
import { type Rollout, serversNamespace } from './rollout.ts';
import { DEGRADED_GRACE_MS, HEALTHY_SETTLE_MS, SYNC_RETRIES_MAX } from './rollout-limits.ts';

export type Assessment =
  | ClusterVerdict
  /** The verdict is about this commit: whether that holds the merge is to be asked of GitHub. */
  | { kind: 'ask-revision'; revision: string; verdict: ClusterVerdict };

export interface Observation {
  /** undefined: the Application does not exist. */
  application: ApplicationState | undefined;
  /** Newest first. */
  pods: PodState[];
  /** undefined: there is none, or its status is about an earlier spec. */
  deployment: DeploymentState | undefined;
}

type Present = Observation & { application: ApplicationState };

/** What stops a comparison of git with the cluster; a failed sync is told of by its operation, and the rest are warnings. */
const GIT_ERRORS = ['ComparisonError', 'UnknownError'];

/** Where nothing could be rendered, Argo CD writes the branch or nothing instead of the commit. */
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * What an Application says about a rollout whose overlay was merged as `rollout.merge.sha`. In a repository with many
 * servers `revision` is the newest commit for every Application, so another revision than the merge needs a question.
 */
export function assessApplication(rollout: Rollout, observation: Observation, now: Date): Assessment {
  const { application } = observation;
  if (rollout.kind === 'delete') return assessDeletion(rollout, application, now);
  if (!application) return waiting('there is no Application for the overlay yet');
  const unread = isPastGrace(rollout, now) ? assessComparison(rollout, application) : undefined;
  if (unread) return unread;
  const unapplied = isPastGrace(rollout, now) ? assessOperation(rollout, application) : undefined;
  if (unapplied) return ifCovered(rollout, application.operation?.revision, unapplied);
  const refused = isPastGrace(rollout, now)
    ? application.conditions.find(({ type }) => type === 'SyncError')
    : undefined;
  if (refused)
    return ifCovered(rollout, application.revision, failed(syncFailure(refused.message, application.serverId)));
  if (application.syncStatus !== 'Synced') return waiting(describe(application));
  return ifCovered(rollout, application.revision, assessSynced(rollout, { ...observation, application }, now));
}

/** An answer of GitHub is asked for only where something hangs on it, and once for each revision. */
function ifCovered(rollout: Rollout, revision: string | null | undefined, verdict: ClusterVerdict): Assessment {
  if (verdict.kind === 'waiting' || revision === rollout.merge?.sha) return verdict;
  if (!revision || !COMMIT.test(revision) || revision === rollout.uncoveredRevision) {
    return waiting('Argo CD has not seen the merge yet');
  }
  return { kind: 'ask-revision', revision, verdict };
}

function assessDeletion(rollout: Rollout, application: ApplicationState | undefined, now: Date): ClusterVerdict {
  if (!application) return { kind: 'synced' };
  const stuck = application.conditions.find(({ type }) => type === 'DeletionError');
  if (!stuck || !isPastGrace(rollout, now)) return waiting('Argo CD is removing it');
  return failed({
    code: 'deletion-failed',
    message: `Argo CD cannot remove what it made: ${shortenMessage(stuck.message)}`,
    hint: `Mend what it names; Argo CD tries again. \`kubectl describe application mcp-${rollout.serverId}\` in Argo CD's namespace says more.`,
  });
}

/** Conditions about git may be of before the merge; one about the Application itself is as of now. */
function assessComparison(
  rollout: Rollout,
  { conditions, reconciledAt }: ApplicationState,
): ClusterVerdict | undefined {
  const isOfNow = reconciledAt === null || Date.parse(reconciledAt) >= enteredAt(rollout);
  const error = conditions.find(({ type }) => type === 'InvalidSpecError' || (isOfNow && GIT_ERRORS.includes(type)));
  return error ? failed(comparisonFailure(rollout, error)) : undefined;
}

/** A sync that failed for good, or one that is tried again and again for a reason that no retry mends. */
function assessOperation(rollout: Rollout, { operation, serverId }: ApplicationState): ClusterVerdict | undefined {
  if (!operation?.message) return undefined;
  const cause = explainClusterMessage(operation.message, { serverId, namespace: serversNamespace(rollout) });
  if (['Failed', 'Error'].includes(operation.phase)) {
    return failed(cause ? withSync(cause, serverId) : syncFailure(operation.message, serverId));
  }
  const isTriedAgain = operation.phase === 'Running' && operation.retryCount >= SYNC_RETRIES_MAX;
  return cause && isTriedAgain ? failed(withSync(cause, serverId)) : undefined;
}

/** After its retries Argo CD leaves a commit alone, even where what it failed for was mended. */
function withSync(cause: ClusterFailure, serverId: string): ClusterFailure {
  const hint = `${cause.hint} Argo CD stops trying after some minutes: then sync \`mcp-${serverId}\` there.`;
  return { ...cause, hint };
}

/** What git holds is what the cluster was given; now it is the cluster's turn. */
function assessSynced(rollout: Rollout, { application, pods, deployment }: Present, now: Date): ClusterVerdict {
  const since = msSince(application.healthLastTransitionAt, now);
  const isHealthy = application.healthStatus === 'Healthy' && since >= HEALTHY_SETTLE_MS;
  if (rollout.kind === 'stop') return assessStop(application, { pods, isHealthy, since });
  // Right after a sync the controllers have not looked yet: pods and statuses are those of before.
  if (msSince(application.operation?.finishedAt, now) < HEALTHY_SETTLE_MS) return waiting(describe(application));
  const isPast = isPastGrace(rollout, now);
  const failure = assessPods(rollout, pods, isPast) ?? (isPast ? assessDeployment(rollout, deployment) : undefined);
  if (failure) return failure;
  if (isPast && since >= DEGRADED_GRACE_MS) {
    if (application.healthStatus === 'Degraded') return failed(degraded(application, deployment));
    if (application.healthStatus === 'Suspended') return failed(suspended(rollout));
  }
  if (!isHealthy) return waiting(describe(application));
  if (rollout.digest && !holdsDigest(rollout.digest, { application, pods, deployment })) {
    return waiting('Argo CD has not taken the new image yet');
  }
  return { kind: 'synced' };
}

/** A server that KEDA holds at zero is "Suspended" to Argo CD, which is what a stop asks for. */
function assessStop(
  application: ApplicationState,
  { pods, isHealthy, since }: { pods: PodState[]; isHealthy: boolean; since: number },
): ClusterVerdict {
  const isHeld = application.healthStatus === 'Suspended' && since >= HEALTHY_SETTLE_MS;
  if (!isHealthy && !isHeld) return waiting(describe(application));
  return pods.length > 0 ? waiting('the pods are ending') : { kind: 'synced' };
}

/** The images of an Application are those of its pods, of which a server at zero has none, and some projects show none. */
function holdsDigest(digest: string, { application, pods, deployment }: Present): boolean {
  const { images } = application;
  const running = images.length > 0 ? images : [deployment?.image ?? '', ...pods.map(({ image }) => image)];
  return running.some((image) => image.includes(digest));
}

function isPastGrace(rollout: Rollout, now: Date): boolean {
  return now.getTime() - enteredAt(rollout) >= DEGRADED_GRACE_MS;
}

function enteredAt(rollout: Rollout): number {
  return Date.parse(rollout.stages.at(-1)?.at ?? rollout.triggeredAt);
}

/** Infinite where it is not known. */
function msSince(time: string | null | undefined, now: Date): number {
  const since = Date.parse(time ?? '');
  return Number.isNaN(since) ? Number.POSITIVE_INFINITY : now.getTime() - since;
}

function comparisonFailure(
  rollout: Rollout,
  { type, message }: ApplicationState['conditions'][number],
): ClusterFailure {
  const { serverId } = rollout;
  const said = shortenMessage(message);
  if (type === 'InvalidSpecError') {
    return {
      code: 'application-invalid',
      message: `Argo CD refuses the Application \`mcp-${serverId}\`: ${said}`,
      hint: 'Mend `argocd/` of the deployments repository and apply it: `kubectl apply -k argocd`; the deployment goes on by itself.',
    };
  }
  return {
    code: 'overlay-not-built',
    message: `Argo CD cannot build \`servers/${serverId}\` of the deployments repository: ${said}`,
    hint: 'Undo what was changed there by hand, or comment /host to have the overlay written anew. Where it is the repository that cannot be read, give Argo CD access to it.',
  };
}

function syncFailure(message: string, serverId: string): ClusterFailure {
  return {
    code: 'sync-failed',
    message: `Argo CD could not apply the overlay: ${shortenMessage(message)}`,
    hint: `Mend what it names, then sync \`mcp-${serverId}\` in Argo CD; the deployment goes on by itself.`,
  };
}

function degraded(application: ApplicationState, deployment: DeploymentState | undefined): ClusterFailure {
  const why = application.healthMessage ?? deployment?.conditions.find(({ status }) => status === 'False')?.message;
  return {
    code: 'server-unhealthy',
    message: `Argo CD says Degraded: ${why ? shortenMessage(why) : 'without a message'}`,
    hint: 'Look at the logs of the server (/logs) and at the Application in Argo CD; the deployment goes on by itself once it is healthy.',
  };
}

function suspended(rollout: Rollout): ClusterFailure {
  const name = `mcp-${rollout.serverId}`;
  return {
    code: 'server-suspended',
    message: 'Argo CD says Suspended: somebody paused the Deployment, or KEDA holds the server at zero.',
    hint: `Comment /start, or run \`kubectl --namespace ${serversNamespace(rollout)} rollout resume deployment/${name}\`; the deployment goes on by itself.`,
  };
}

function describe({ syncStatus, healthStatus, operation, outOfSync }: ApplicationState): string {
  const differing = syncStatus === 'OutOfSync' && outOfSync.length > 0 ? ` (${outOfSync.join(', ')})` : '';
  const retry = operation?.phase === 'Running' && operation.message ? `; ${shortenMessage(operation.message)}` : '';
  return `Argo CD: ${syncStatus}${differing}, ${healthStatus}${retry}`;
}

function waiting(because: string): ClusterVerdict {
  return { kind: 'waiting', because };
}

function failed(failure: ClusterFailure): ClusterVerdict {
  return { kind: 'failed', failure, previousLog: false };
}
