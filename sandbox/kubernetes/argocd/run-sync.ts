import { type KubeObject, kubeTime } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import type { Application, OperationState } from './application.ts';
import type { Comparison } from './application-status.ts';
import { failedPhase } from './decide-sync.ts';
import { syncResources } from './sync-resources.ts';

/** Runs one attempt of a sync operation, which watchers see begin and end. */
export function runSync(
  store: ObjectStore,
  options: {
    application: Application;
    project: KubeObject;
    comparison: Comparison;
    retryCount: number;
    now: () => Date;
  },
): OperationState {
  const { application, project, comparison, retryCount, now } = options;
  const { revision } = comparison;
  const prune = application.spec.syncPolicy?.automated?.prune === true;
  const last = application.status?.operationState;
  const started: OperationState = {
    operation: {
      sync: { revision, prune },
      initiatedBy: { automated: true },
      retry: application.spec.syncPolicy?.retry ?? {},
    },
    phase: 'Running',
    message: 'waiting for completion of sync',
    startedAt: retryCount > 0 && last !== undefined ? last.startedAt : kubeTime(now()),
    ...(retryCount > 0 ? { retryCount } : {}),
  };
  writeOperation(store, application, started);
  const resources = syncResources(store, { application, project, compared: comparison.resources, prune });
  const failed = resources.filter((resource) => resource.status === 'SyncFailed');
  const syncResult = { revision, source: application.spec.source, resources };
  if (failed.length === 0) {
    const message = 'successfully synced (all tasks run)';
    return { ...started, phase: 'Succeeded', message, finishedAt: kubeTime(now()), syncResult };
  }
  const reasons = failed.map((resource) => resource.message).join(', ');
  const message = `one or more objects failed to apply, reason: ${reasons}`.slice(0, 2000);
  const phase = failedPhase(application, retryCount);
  const suffix = phase === 'Failed' ? ` (retried ${retryCount} times).` : `. Retrying attempt #${retryCount + 1}.`;
  return { ...started, phase, message: `${message}${suffix}`, finishedAt: kubeTime(now()), syncResult };
}

function writeOperation(store: ObjectStore, application: Application, operationState: OperationState): void {
  const { namespace, name } = application.metadata;
  store.update(typeOf('Application'), { namespace, name }, (present) => ({
    ...present,
    status: { ...emptyStatus, ...(present.status as object | undefined), operationState },
  }));
}

/** What a watcher reads before the first comparison is written. */
const emptyStatus = {
  sync: { status: 'OutOfSync', revision: '', comparedTo: {} },
  health: { status: 'Missing', lastTransitionTime: '1970-01-01T00:00:00Z' },
  resources: [],
  summary: {},
};
