import { createReconciler } from '../controllers/reconciler.ts';
import { controllerReference, type KubeObject, kubeTime } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import { applicationSetRefreshAnnotation } from './application.ts';
import { type ApplicationSet, generateApplications } from './generate-applications.ts';
import type { GitPoller } from './git-poller.ts';
import { planApplications } from './plan-applications.ts';
import { isSameRepository } from './repository-url.ts';

/** Makes and removes Applications as the directories of git come and go. When git cannot be read, nothing changes. */
export function startApplicationSetController(options: {
  store: ObjectStore;
  git: GitPoller;
  now: () => Date;
  log: (line: string) => void;
}): { onRepositoryChange(url: string): void; close(): Promise<void> } {
  const { store, git, now, log } = options;
  const type = typeOf('ApplicationSet');
  const reconciler = createReconciler({ name: 'ApplicationSet', log, reconcile });
  let isClosed = false;
  const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;

  async function reconcile(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const set = store.get(type, namespace, name) as ApplicationSet | undefined;
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const isRefresh = set.metadata.annotations?.[applicationSetRefreshAnnotation] === 'true';
    try {
      if (isRefresh) await Promise.all(repositoriesOf(set).map((url) => git.pollNow(url)));
      const wanted = await generateApplications(set, (url) => git.repository(url));
      apply(set, wanted);
      writeConditions(set, undefined);
    } catch (error) {
      // git was ended by us, which says nothing about the repository.
      if (isClosed) return;
      writeConditions(set, (error as Error).message);
      throw error;
    } finally {
      if (isRefresh) removeAnnotation(namespace, name);
    }
  }

  function apply(set: ApplicationSet, wanted: KubeObject[]): void {
    const applications = typeOf('Application');
    const owned = store.list(applications, set.metadata.namespace, (object) =>
      (object.metadata.ownerReferences ?? []).some((owner) => owner.uid === set.metadata.uid),
    );
    for (const change of planApplications(wanted, owned)) {
      const { namespace, name } = change.application.metadata;
      if (change.kind === 'create') {
        const ownerReferences = [controllerReference(set)];
        const { metadata } = change.application;
        store.create(applications, { ...change.application, metadata: { ...metadata, ownerReferences } });
      } else if (change.kind === 'update') store.replace(applications, change.application);
      else store.remove(applications, { namespace, name });
      log(`ApplicationSet ${set.metadata.name}: ${change.kind} Application ${name}`);
    }
  }

  function writeConditions(set: ApplicationSet, problem: string | undefined): void {
    store.update(
      type,
      { namespace: set.metadata.namespace, name: set.metadata.name },
      (present) => ({ ...present, status: { conditions: conditionsOf(present, problem, now()) } }),
      'status',
    );
  }

  function removeAnnotation(namespace: string, name: string): void {
    store.update(type, { namespace, name }, (present) => {
      const { [applicationSetRefreshAnnotation]: _done, ...annotations } = present.metadata.annotations ?? {};
      return { ...present, metadata: { ...present.metadata, annotations } };
    });
  }

  const unsubscribe = store.subscribe(({ resource, object, type: change, previous }) => {
    if (resource === type && isWorthALook(object, previous)) reconciler.enqueue(keyOf(object));
    if (resource !== typeOf('Application') || (change === 'MODIFIED' && !isWorthALook(object, previous))) return;
    const owner = object.metadata.ownerReferences?.find((reference) => reference.kind === 'ApplicationSet');
    if (owner !== undefined) reconciler.enqueue(`${object.metadata.namespace}/${owner.name}`);
  });
  for (const set of store.list(type)) reconciler.enqueue(keyOf(set));
  return {
    onRepositoryChange(url) {
      for (const set of store.list(type) as ApplicationSet[]) {
        if (repositoriesOf(set).some((each) => isSameRepository(each, url))) reconciler.enqueue(keyOf(set));
      }
    },
    async close() {
      isClosed = true;
      unsubscribe();
      await reconciler.close();
    },
  };
}

function repositoriesOf(set: ApplicationSet): string[] {
  return (set.spec?.generators ?? []).flatMap((generator) =>
    generator.git === undefined ? [] : [generator.git.repoURL],
  );
}

/** Whether more than the status changed. */
function isWorthALook(object: KubeObject, previous: KubeObject | undefined): boolean {
  const desired = ({ spec, metadata }: KubeObject) =>
    JSON.stringify([spec, metadata.labels, metadata.annotations, metadata.deletionTimestamp, metadata.finalizers]);
  return previous === undefined || desired(object) !== desired(previous);
}

function conditionsOf(set: KubeObject, problem: string | undefined, now: Date): object[] {
  const before = (
    set.status as { conditions?: { type: string; status: string; lastTransitionTime: string }[] } | undefined
  )?.conditions;
  const reason = problem === undefined ? 'ApplicationSetUpToDate' : 'ApplicationGenerationFromParamsError';
  const message = problem?.slice(0, 1000) ?? 'All applications have been generated successfully';
  const condition = (type: string, holds: boolean) => {
    const status = holds ? 'True' : 'False';
    const same = before?.find((each) => each.type === type && each.status === status);
    return { type, status, reason, message, lastTransitionTime: same?.lastTransitionTime ?? kubeTime(now) };
  };
  const isFine = problem === undefined;
  return [
    condition('ErrorOccurred', !isFine),
    condition('ParametersGenerated', isFine),
    condition('ResourcesUpToDate', isFine),
  ];
}
