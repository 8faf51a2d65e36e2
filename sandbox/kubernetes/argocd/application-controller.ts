import { createReconciler } from '../controllers/reconciler.ts';
import type { KubeObject, Manifest } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { findTypeByKind, resourceTypes, typeOf } from '../store/resource-type.ts';
import { type Application, refreshAnnotation, trackingApplication } from './application.ts';
import { applicationStatusOf, type Comparison, isSameStatus } from './application-status.ts';
import { compareResources } from './compare-resources.ts';
import { decideSync } from './decide-sync.ts';
import { deleteApplication } from './delete-application.ts';
import type { GitPoller } from './git-poller.ts';
import { createTargetLoader } from './load-target.ts';
import { projectProblem } from './project-rules.ts';
import { isSameRepository } from './repository-url.ts';
import { runSync } from './run-sync.ts';

export interface ApplicationController {
  onRepositoryChange(url: string): void;
  close(): Promise<void>;
}

/** Argo CD looks at an Application again after this long even when nothing seems to have changed. */
const resyncMs = 120_000;
/** A repository that could not be read may be there again soon. */
const errorRetryMs = 5000;

/** Compares every Application with the cluster, syncs it as its policy says, and writes its status. */
export function startApplicationController(options: {
  store: ObjectStore;
  git: GitPoller;
  now: () => Date;
  log: (line: string) => void;
}): ApplicationController {
  const { store, git, now, log } = options;
  const type = typeOf('Application');
  const loadTarget = createTargetLoader((url) => git.repository(url));
  const reconciler = createReconciler({ name: 'Application', log, reconcile });
  let isClosed = false;
  const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;

  async function reconcile(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const found = store.get(type, namespace, name) as Application | undefined;
    if (found === undefined) return;
    if (found.metadata.deletionTimestamp !== undefined) {
      if (!deleteApplication(store, found)) reconciler.enqueueAfter(key, 500);
      return;
    }
    const isRefresh = found.metadata.annotations?.[refreshAnnotation] !== undefined;
    // What git cannot tell now, loading the target below reports.
    if (isRefresh) await git.pollNow(found.spec.source.repoURL).catch(() => undefined);
    const comparison = await compare(found);
    // git was ended by us, which says nothing about the repository.
    if (isClosed) return;
    const application = store.get(type, namespace, name) as Application | undefined;
    if (application?.metadata.uid !== found.metadata.uid || application.metadata.deletionTimestamp !== undefined)
      return;
    const settled = settle(application, comparison);
    writeStatus(application, settled, isRefresh);
    reconciler.enqueueAfter(key, nextLookMs(application, settled));
  }

  async function compare(application: Application): Promise<Comparison> {
    const problem = projectProblem(application, projectOf(store, application));
    const nothing = { syncStatus: 'Unknown', revision: '', sourceType: '' } as const;
    if (problem !== undefined) {
      return { ...nothing, resources: [], conditions: [{ type: 'InvalidSpecError', message: problem }] };
    }
    try {
      const { manifests, revision, sourceType } = await loadTarget(application);
      const resources = compareWith(application, manifests);
      const isSynced = resources.every(({ summary }) => summary.status === 'Synced');
      return { syncStatus: isSynced ? 'Synced' : 'OutOfSync', revision, sourceType, resources, conditions: [] };
    } catch (error) {
      const conditions = [{ type: 'ComparisonError', message: (error as Error).message.slice(0, 2000) } as const];
      const resources = compareWith(application, []).map(({ live, summary }) => ({
        summary,
        ...(live === undefined ? {} : { live, wanted: live }),
      }));
      return { ...nothing, sourceType: application.status?.sourceType ?? '', resources, conditions };
    }
  }

  function compareWith(application: Application, manifests: Manifest[]): Comparison['resources'] {
    return compareResources({
      application: application.metadata.name,
      manifests,
      live: (manifest) => {
        const found = findTypeByKind(manifest.apiVersion, manifest.kind);
        return found && store.get(found, manifest.metadata.namespace, manifest.metadata.name);
      },
      tracked: resourceTypes.flatMap((each) =>
        store.list(each, undefined, (object) => trackingApplication(object) === application.metadata.name),
      ),
    });
  }

  /** Syncs when it is time to, and compares again afterwards. */
  function settle(application: Application, comparison: Comparison): Comparison {
    const project = projectOf(store, application);
    if (comparison.syncStatus !== 'OutOfSync' || project === undefined) return comparison;
    const decision = decideSync(application, { ...factsOf(comparison), now: now() });
    if (decision.kind === 'refused') {
      return { ...comparison, conditions: [{ type: 'SyncError', message: decision.message }] };
    }
    if (decision.kind !== 'sync') return comparison;
    const operationState = runSync(store, { application, project, comparison, retryCount: decision.retryCount, now });
    log(
      `Application ${application.metadata.name}: ${operationState.phase} ${comparison.revision.slice(0, 7)} ${operationState.message}`,
    );
    const manifests = comparison.resources.flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted]));
    const resources = compareWith(application, manifests);
    const isSynced = resources.every(({ summary }) => summary.status === 'Synced');
    return { ...comparison, resources, operationState, syncStatus: isSynced ? 'Synced' : 'OutOfSync' };
  }

  function nextLookMs(application: Application, comparison: Comparison): number {
    if (comparison.syncStatus === 'Unknown') return errorRetryMs;
    if (comparison.syncStatus === 'Synced') return resyncMs;
    const present = store.get(type, application.metadata.namespace, application.metadata.name) as
      | Application
      | undefined;
    const decision = decideSync(present ?? application, { ...factsOf(comparison), now: now() });
    if (decision.kind === 'later') return decision.inMs + 10;
    // A sync that has just ended for good is looked at once more, for its condition.
    return comparison.operationState === undefined ? resyncMs : 10;
  }

  function writeStatus(application: Application, comparison: Comparison, isRefreshed: boolean): void {
    store.update(type, { namespace: application.metadata.namespace, name: application.metadata.name }, (object) => {
      const present = object as Application;
      const status = applicationStatusOf(store, { application: present, comparison, now: now() });
      if (!isRefreshed) return isSameStatus(present.status, status) ? undefined : { ...present, status };
      const { [refreshAnnotation]: _done, ...annotations } = present.metadata.annotations ?? {};
      return { ...present, status, metadata: { ...present.metadata, annotations } };
    });
  }

  const unsubscribe = store.subscribe(({ resource, object, previous }) => {
    if (resource === type) {
      if (isWorthALook(object, previous)) reconciler.enqueue(keyOf(object));
      return;
    }
    for (const name of applicationsBehind(store, object)) {
      for (const application of store.list(type, undefined, (each) => each.metadata.name === name)) {
        reconciler.enqueue(keyOf(application));
      }
    }
    if (resource.kind === 'AppProject') for (const each of store.list(type)) reconciler.enqueue(keyOf(each));
  });
  for (const application of store.list(type)) reconciler.enqueue(keyOf(application));
  return {
    onRepositoryChange(url) {
      for (const application of store.list(type) as Application[]) {
        if (isSameRepository(application.spec.source.repoURL, url)) reconciler.enqueue(keyOf(application));
      }
    },
    async close() {
      isClosed = true;
      unsubscribe();
      await reconciler.close();
    },
  };
}

function factsOf(comparison: Comparison): { revision: string; outOfSync: number; toPrune: number; wanted: number } {
  const pruned = comparison.resources.filter(({ summary }) => summary.requiresPruning === true).length;
  const outOfSync = comparison.resources.filter(({ summary }) => summary.status === 'OutOfSync').length - pruned;
  return { revision: comparison.revision, outOfSync, toPrune: pruned, wanted: comparison.resources.length - pruned };
}

function projectOf(store: ObjectStore, application: Application): KubeObject | undefined {
  return store.get(typeOf('AppProject'), application.metadata.namespace, application.spec.project);
}

/** The Application of the object itself, or of the object that owns it. */
function applicationsBehind(store: ObjectStore, object: KubeObject): string[] {
  const own = trackingApplication(object);
  if (own !== undefined) return [own];
  return (object.metadata.ownerReferences ?? []).flatMap((reference) => {
    const type = findTypeByKind(reference.apiVersion, reference.kind);
    const owner = type && store.get(type, object.metadata.namespace, reference.name);
    return (owner && trackingApplication(owner)) ?? [];
  });
}

/** Whether more than the status changed, which this controller writes itself. */
function isWorthALook(object: KubeObject, previous: KubeObject | undefined): boolean {
  const desired = ({ spec, metadata }: KubeObject) =>
    JSON.stringify([spec, metadata.annotations?.[refreshAnnotation], metadata.deletionTimestamp]);
  return previous === undefined || desired(object) !== desired(previous);
}
