import { appliedTo, lastAppliedAnnotation } from './argocd/compare-resources.ts';
import { inSyncOrder } from './argocd/sync-order.ts';
import { badRequest, invalid } from './store/api-error.ts';
import { isSameJson } from './store/is-same-json.ts';
import type { Manifest } from './store/kube-object.ts';
import type { ObjectStore } from './store/object-store.ts';
import { findTypeByKind } from './store/resource-type.ts';

/** `kubectl apply`: creates what is not there, namespaces first, and brings the rest to what is wanted. @throws ApiError */
export function applyManifests(store: ObjectStore, manifests: object[]): void {
  for (const { wanted: manifest } of inSyncOrder((manifests as Manifest[]).map((wanted) => ({ wanted })))) {
    const type = findTypeByKind(manifest.apiVersion, manifest.kind);
    if (type === undefined)
      throw badRequest(`no matches for kind "${manifest.kind}" in version "${manifest.apiVersion}"`);
    if (manifest.metadata?.name === undefined) throw invalid(manifest.kind, '', 'metadata.name: Required value');
    const live = store.get(type, manifest.metadata.namespace, manifest.metadata.name);
    if (live === undefined) {
      const annotations = { ...manifest.metadata.annotations, [lastAppliedAnnotation]: JSON.stringify(manifest) };
      store.create(type, { ...manifest, metadata: { ...manifest.metadata, annotations } });
      continue;
    }
    const applied = appliedTo(manifest, live);
    if (!isSameJson(applied, live)) store.replace(type, applied);
  }
}
