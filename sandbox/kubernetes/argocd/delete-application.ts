import type { ObjectStore } from '../store/object-store.ts';
import { findTypeByKind, resourceTypes, typeOf } from '../store/resource-type.ts';
import { type Application, isKept, resourcesFinalizer, trackingApplication } from './application.ts';

/**
 * Carries Argo CD's finalizer out: everything that the Application tracks is deleted, then the finalizer taken off.
 * @returns false while something is still there
 */
export function deleteApplication(store: ObjectStore, application: Application): boolean {
  const { namespace, name, finalizers = [] } = application.metadata;
  const ours = finalizers.filter((finalizer) => finalizer.startsWith(resourcesFinalizer));
  if (ours.length === 0) return true;
  const tracked = resourceTypes.flatMap((type) =>
    store.list(type, undefined, (object) => trackingApplication(object) === name && !isKept(object, 'Delete')),
  );
  const owners = new Set(tracked.map((object) => object.metadata.uid));
  const pods = store.list(typeOf('Pod'), undefined, (pod) =>
    (pod.metadata.ownerReferences ?? []).some((reference) => owners.has(reference.uid)),
  );
  for (const object of tracked) {
    const type = findTypeByKind(object.apiVersion, object.kind);
    if (type === undefined || object.metadata.deletionTimestamp !== undefined) continue;
    store.remove(type, { namespace: object.metadata.namespace, name: object.metadata.name });
  }
  if (tracked.length > 0 || pods.length > 0) return false;
  store.update(typeOf('Application'), { namespace, name }, (present) => ({
    ...present,
    metadata: { ...present.metadata, finalizers: finalizers.filter((finalizer) => !ours.includes(finalizer)) },
  }));
  return true;
}
