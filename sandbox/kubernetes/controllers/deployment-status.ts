import { isPodReady, type Pod } from '../kubelet/pod.ts';
import { kubeTime } from '../store/kube-object.ts';
import { type Deployment, type DeploymentCondition, type DeploymentStatus, templateHashLabel } from './deployment.ts';
import { rollingLimits } from './plan-rolling-update.ts';

/** The default of apps/v1. */
const progressDeadlineSecondsDefault = 600;

/**
 * The status that the Deployment controller would write. Progress means that more pods are updated or available than
 * before; without any for `progressDeadlineSeconds` the Progressing condition turns False. Pure.
 *
 * @param pods all of the Deployment's pods, those being deleted left out
 */
export function deploymentStatusOf(deployment: Deployment, pods: Pod[], hash: string, now: Date): DeploymentStatus {
  const { replicas = 1 } = deployment.spec;
  const updated = pods.filter((pod) => pod.metadata.labels?.[templateHashLabel] === hash);
  const available = pods.filter((pod) => isAvailable(pod, deployment, now));
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: pods.length,
    updatedReplicas: updated.length,
    readyReplicas: pods.filter(isPodReady).length,
    availableReplicas: available.length,
    unavailableReplicas: Math.max(0, replicas - available.length),
  };
  const conditions = [
    availableCondition(deployment, counts, now),
    progressingCondition(deployment, { counts, hash, now }),
  ];
  return { ...counts, conditions };
}

/** @returns milliseconds until the status may change by time alone, undefined when it will not */
export function nextStatusChangeMs(deployment: Deployment, status: DeploymentStatus, now: Date): number | undefined {
  const progressing = status.conditions.find((condition) => condition.type === 'Progressing');
  if (progressing === undefined || progressing.reason !== 'ReplicaSetUpdated') return undefined;
  const minReadyMs = (deployment.spec.minReadySeconds ?? 0) * 1000;
  const untilDeadline = Date.parse(progressing.lastUpdateTime) + deadlineMs(deployment) - now.getTime();
  return Math.max(100, Math.min(untilDeadline + 50, minReadyMs > 0 ? 1000 : untilDeadline + 50));
}

type Counts = Omit<DeploymentStatus, 'conditions'>;

function isAvailable(pod: Pod, deployment: Deployment, now: Date): boolean {
  if (!isPodReady(pod)) return false;
  const ready = pod.status?.conditions.find((condition) => condition.type === 'Ready');
  const sinceMs = now.getTime() - Date.parse(ready?.lastTransitionTime ?? '');
  return sinceMs >= (deployment.spec.minReadySeconds ?? 0) * 1000;
}

function availableCondition(deployment: Deployment, counts: Counts, now: Date): DeploymentCondition {
  const { replicas = 1 } = deployment.spec;
  const isAvailable = counts.availableReplicas >= replicas - rollingLimits(deployment, replicas).maxUnavailable;
  return stamped(deployment, now, {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: isAvailable ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
  });
}

function progressingCondition(
  deployment: Deployment,
  options: { counts: Counts; hash: string; now: Date },
): DeploymentCondition {
  const { counts, hash, now } = options;
  const { replicas = 1 } = deployment.spec;
  const set = `ReplicaSet "${deployment.metadata.name}-${hash}"`;
  const isComplete =
    counts.updatedReplicas === replicas && counts.replicas === replicas && counts.availableReplicas === replicas;
  if (isComplete) {
    const message = `${set} has successfully progressed.`;
    return stamped(deployment, now, { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message });
  }
  const before = deployment.status?.conditions.find((condition) => condition.type === 'Progressing');
  const isSameAttempt = before?.message.includes(set) === true && before.reason !== 'NewReplicaSetAvailable';
  const idleMs = now.getTime() - Date.parse(before?.lastUpdateTime ?? '');
  if (isSameAttempt && !hasProgressed(deployment.status, counts)) {
    if (before.reason !== 'ReplicaSetUpdated' || idleMs < deadlineMs(deployment)) return before;
    const message = `${set} has timed out progressing.`;
    const change = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message } as const;
    return stamped(deployment, now, change);
  }
  const message = `${set} is progressing.`;
  const condition = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message } as const;
  return { ...stamped(deployment, now, condition), lastUpdateTime: kubeTime(now) };
}

function hasProgressed(before: DeploymentStatus | undefined, counts: Counts): boolean {
  if (before === undefined) return true;
  return (
    counts.updatedReplicas > before.updatedReplicas ||
    counts.readyReplicas > before.readyReplicas ||
    counts.availableReplicas > before.availableReplicas ||
    counts.replicas - counts.updatedReplicas < before.replicas - before.updatedReplicas
  );
}

/** Keeps the times of a condition that says the same as before. */
function stamped(
  deployment: Deployment,
  now: Date,
  condition: Omit<DeploymentCondition, 'lastUpdateTime' | 'lastTransitionTime'>,
): DeploymentCondition {
  const before = deployment.status?.conditions.find((each) => each.type === condition.type);
  const isSame = before?.reason === condition.reason && before.message === condition.message;
  return {
    ...condition,
    lastUpdateTime: isSame ? before.lastUpdateTime : kubeTime(now),
    lastTransitionTime: before?.status === condition.status ? before.lastTransitionTime : kubeTime(now),
  };
}

function deadlineMs(deployment: Deployment): number {
  return (deployment.spec.progressDeadlineSeconds ?? progressDeadlineSecondsDefault) * 1000;
}
