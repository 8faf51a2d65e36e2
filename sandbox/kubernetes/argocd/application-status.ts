import type { Pod } from '../kubelet/pod.ts';
import { type KubeObject, kubeTime } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import type { Application, ApplicationCondition, ApplicationStatus, Health, OperationState } from './application.ts';
import type { ComparedResource } from './compare-resources.ts';
import { isWorse, resourceHealth } from './resource-health.ts';

export interface Comparison {
  syncStatus: ApplicationStatus['sync']['status'];
  /** Empty when git could not be read. */
  revision: string;
  sourceType: string;
  resources: ComparedResource[];
  conditions: { type: ApplicationCondition['type']; message: string }[];
  /** What the operation came to, where one ran. */
  operationState?: OperationState | undefined;
}

/** Puts together the status of an Application, keeping the times of what did not change. */
export function applicationStatusOf(
  store: ObjectStore,
  options: { application: Application; comparison: Comparison; now: Date },
): ApplicationStatus {
  const { application, comparison, now } = options;
  const before = application.status;
  const health = comparison.conditions.some((condition) => condition.type === 'InvalidSpecError')
    ? ({ status: 'Unknown' } as const)
    : worstHealth(comparison.resources);
  const isSameHealth = before?.health.status === health.status;
  const images = imagesOf(store, comparison.resources);
  const operationState = comparison.operationState ?? before?.operationState;
  return {
    sync: { status: comparison.syncStatus, revision: comparison.revision, comparedTo: comparedTo(application) },
    health: { ...health, lastTransitionTime: isSameHealth ? before.health.lastTransitionTime : kubeTime(now) },
    ...(operationState === undefined ? {} : { operationState }),
    ...(comparison.conditions.length === 0 ? {} : { conditions: stamped(comparison.conditions, before, now) }),
    resources: comparison.resources.map(({ summary }) => summary),
    summary: images.length === 0 ? {} : { images },
    history: historyOf(application, comparison.operationState),
    reconciledAt: kubeTime(now),
    sourceType: comparison.sourceType,
    resourceHealthSource: 'appTree',
    controllerNamespace: application.metadata.namespace ?? '',
  };
}

/** Whether anything but the time of looking differs. */
export function isSameStatus(a: ApplicationStatus | undefined, b: ApplicationStatus): boolean {
  return a !== undefined && JSON.stringify({ ...a, reconciledAt: '' }) === JSON.stringify({ ...b, reconciledAt: '' });
}

function worstHealth(resources: ComparedResource[]): Health {
  let worst: Health = { status: 'Healthy' };
  for (const { wanted, live } of resources) {
    const health: Health | undefined = live === undefined ? { status: 'Missing' } : resourceHealth(live);
    // What waits to be pruned does not count.
    if (wanted === undefined || health === undefined) continue;
    if (isWorse(health.status, worst.status)) worst = health;
  }
  return worst;
}

/** Argo CD takes the images from the pods of the resource tree, old ones too while they are there. */
function imagesOf(store: ObjectStore, resources: ComparedResource[]): string[] {
  const owners = new Set(resources.flatMap(({ live }) => (live === undefined ? [] : [live.metadata.uid])));
  const pods = store.list(typeOf('Pod'), undefined, (pod: KubeObject) =>
    (pod.metadata.ownerReferences ?? []).some((reference) => owners.has(reference.uid)),
  ) as Pod[];
  return [...new Set(pods.flatMap((pod) => pod.spec.containers.map((container) => container.image)))].sort();
}

function stamped(
  conditions: Comparison['conditions'],
  before: ApplicationStatus | undefined,
  now: Date,
): ApplicationCondition[] {
  return conditions.map((condition) => {
    const same = before?.conditions?.find((each) => each.type === condition.type && each.message === condition.message);
    return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? kubeTime(now) };
  });
}

/** Argo CD keeps ten. */
function historyOf(
  application: Application,
  operation: OperationState | undefined,
): NonNullable<ApplicationStatus['history']> {
  const history = application.status?.history ?? [];
  if (operation?.phase !== 'Succeeded' || history.at(-1)?.revision === operation.operation.sync.revision)
    return history;
  const entry = {
    id: (history.at(-1)?.id ?? -1) + 1,
    revision: operation.operation.sync.revision,
    deployedAt: operation.finishedAt ?? operation.startedAt,
    source: application.spec.source,
  };
  return [...history, entry].slice(-10);
}

function comparedTo(application: Application): object {
  return { source: application.spec.source, destination: application.spec.destination };
}
