import type { KubeObject, Manifest } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { findTypeByKind, typeOf } from '../store/resource-type.ts';
import { type Application, isKept, type ResourceResult } from './application.ts';
import { appliedTo, type ComparedResource, identityOf, lastAppliedAnnotation } from './compare-resources.ts';
import { resourceProblem } from './project-rules.ts';
import { inSyncOrder } from './sync-order.ts';

/** Applies what git wants and prunes what it wants no more. Resources that fail do not keep others from being tried. */
export function syncResources(
  store: ObjectStore,
  options: { application: Application; project: KubeObject; compared: ComparedResource[]; prune: boolean },
): ResourceResult[] {
  const { application, project, compared, prune } = options;
  createNamespaceIfAsked(store, application);
  const results = inSyncOrder(compared.filter((resource) => resource.wanted !== undefined)).map((resource) => {
    const manifest = resource.wanted as Manifest;
    const problem = resourceProblem(application, project, manifest) ?? apply(store, manifest);
    const isDone = problem === undefined;
    const message = problem ?? `${manifest.kind.toLowerCase()}/${manifest.metadata.name} configured`;
    return { ...identityOf(manifest), status: isDone ? 'Synced' : 'SyncFailed', message } as ResourceResult;
  });
  if (!prune || results.some((result) => result.status === 'SyncFailed')) return results;
  const pruned = compared.filter((resource) => resource.wanted === undefined && resource.live !== undefined);
  return [...results, ...pruned.map(({ live }) => remove(store, live as KubeObject))];
}

/** @returns why it could not be applied, undefined when it was */
function apply(store: ObjectStore, manifest: Manifest): string | undefined {
  const type = findTypeByKind(manifest.apiVersion, manifest.kind);
  if (type === undefined) return `no matches for kind "${manifest.kind}" in version "${manifest.apiVersion}"`;
  try {
    const live = store.get(type, manifest.metadata.namespace, manifest.metadata.name);
    if (live === undefined) {
      const annotations = { ...manifest.metadata.annotations, [lastAppliedAnnotation]: JSON.stringify(manifest) };
      store.create(type, { ...manifest, metadata: { ...manifest.metadata, annotations } });
    } else store.replace(type, appliedTo(manifest, live));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function remove(store: ObjectStore, live: KubeObject): ResourceResult {
  if (isKept(live, 'Prune')) return { ...identityOf(live), status: 'Synced', message: 'ignored (no prune)' };
  const type = findTypeByKind(live.apiVersion, live.kind);
  const { namespace, name } = live.metadata;
  if (type !== undefined && store.get(type, namespace, name) !== undefined) store.remove(type, { namespace, name });
  return { ...identityOf(live), status: 'Pruned', message: 'pruned' };
}

function createNamespaceIfAsked(store: ObjectStore, application: Application): void {
  const { namespace } = application.spec.destination;
  if (namespace === undefined || !application.spec.syncPolicy?.syncOptions?.includes('CreateNamespace=true')) return;
  if (store.get(typeOf('Namespace'), undefined, namespace) !== undefined) return;
  store.create(typeOf('Namespace'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
}
