import { isPodReady, type Pod } from '../kubelet/pod.ts';
import { type Deployment, templateHashLabel } from './deployment.ts';

export interface RollingPlan {
  /** How many pods of the present template to make. */
  create: number;
  /** Names of pods to delete. */
  remove: string[];
}

/**
 * Decides the next step towards `spec.replicas` pods of the present template, keeping at least `replicas -
 * maxUnavailable` ready and at most `replicas + maxSurge` in all. Pure.
 *
 * @param pods the Deployment's pods that are not being deleted
 * @param hash of the present template
 */
export function planRollingUpdate(deployment: Deployment, pods: Pod[], hash: string): RollingPlan {
  const { replicas = 1, strategy } = deployment.spec;
  const present = pods.filter((pod) => pod.metadata.labels?.[templateHashLabel] === hash);
  const old = pods.filter((pod) => pod.metadata.labels?.[templateHashLabel] !== hash);
  if (deployment.spec.paused === true && old.length > 0) return { create: 0, remove: [] };
  const surplus = leastUseful(present).slice(0, Math.max(0, present.length - replicas));
  if (strategy?.type === 'Recreate' && old.length > 0) {
    return { create: 0, remove: [...surplus, ...old].map(nameOf) };
  }
  const { maxSurge, maxUnavailable } = rollingLimits(deployment, replicas);
  const missing = Math.max(0, replicas - present.length);
  const create = Math.min(missing, Math.max(0, replicas + maxSurge - pods.length));
  const ready = pods.filter(isPodReady).length - surplus.filter(isPodReady).length;
  let spare = Math.max(0, ready - (replicas - maxUnavailable));
  const ending = leastUseful(old).filter((pod) => {
    if (!isPodReady(pod)) return true;
    spare -= 1;
    return spare >= 0;
  });
  return { create, remove: [...surplus, ...ending].map(nameOf) };
}

/** Defaults of apps/v1 are 25% each, rounded up for the surge and down for the unavailable. */
export function rollingLimits(deployment: Deployment, replicas: number): { maxSurge: number; maxUnavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = countOf(maxSurge, replicas, Math.ceil);
  const unavailable = countOf(maxUnavailable, replicas, Math.floor);
  return surge === 0 && unavailable === 0
    ? { maxSurge: 0, maxUnavailable: 1 }
    : { maxSurge: surge, maxUnavailable: unavailable };
}

function countOf(value: number | string, replicas: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = Number(value.replace('%', ''));
  return Number.isFinite(percent) ? round((percent * replicas) / 100) : 0;
}

/** Pods that are not ready first, then the youngest. */
function leastUseful(pods: Pod[]): Pod[] {
  return [...pods].sort(
    (a, b) =>
      Number(isPodReady(a)) - Number(isPodReady(b)) ||
      b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
  );
}

function nameOf(pod: Pod): string {
  return pod.metadata.name;
}
