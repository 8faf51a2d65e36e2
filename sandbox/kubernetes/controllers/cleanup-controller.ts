import type { KubeObject } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { resourceTypes, typeOf } from '../store/resource-type.ts';
import { createReconciler } from './reconciler.ts';

/**
 * Deletes what belongs to something gone: the contents of a terminating namespace, then the namespace; and objects whose
 * owner was deleted.
 */
export function startCleanupController(options: { store: ObjectStore; log: (line: string) => void }): {
  close(): Promise<void>;
} {
  const { store, log } = options;
  const owners = createReconciler({ name: 'Owner', log, reconcile: (uid) => removeOwned(store, uid) });
  const namespaces = createReconciler({ name: 'Namespace', log, reconcile: (name) => emptyNamespace(store, name) });

  const unsubscribe = store.subscribe(({ type, resource, object }) => {
    if (type === 'DELETED') owners.enqueue(object.metadata.uid);
    if (resource === typeOf('Namespace') && type !== 'DELETED') namespaces.enqueue(object.metadata.name);
    else if (type === 'DELETED' && object.metadata.namespace !== undefined)
      namespaces.enqueue(object.metadata.namespace);
  });
  for (const namespace of store.list(typeOf('Namespace'))) namespaces.enqueue(namespace.metadata.name);
  for (const uid of missingOwners(store)) owners.enqueue(uid);
  return {
    async close() {
      unsubscribe();
      await Promise.all([owners.close(), namespaces.close()]);
    },
  };
}

function removeOwned(store: ObjectStore, uid: string): void {
  for (const type of resourceTypes) {
    for (const { metadata } of store.list(type, undefined, (object) => isOwnedBy(object, uid))) {
      store.remove(type, { namespace: metadata.namespace, name: metadata.name });
    }
  }
}

/** Owners that went while nobody looked, because the sandbox was killed in between. */
function missingOwners(store: ObjectStore): Set<string> {
  const objects = resourceTypes.flatMap((type) => store.list(type));
  const present = new Set(objects.map((object) => object.metadata.uid));
  const owners = objects.flatMap((object) => (object.metadata.ownerReferences ?? []).map((reference) => reference.uid));
  return new Set(owners.filter((uid) => !present.has(uid)));
}

function emptyNamespace(store: ObjectStore, name: string): void {
  const namespace = store.get(typeOf('Namespace'), undefined, name);
  if (namespace === undefined) return;
  const isTerminating = namespace.metadata.deletionTimestamp !== undefined;
  const phase = isTerminating ? 'Terminating' : 'Active';
  store.replace(typeOf('Namespace'), { ...namespace, status: { phase } }, { part: 'status' });
  if (!isTerminating) return;
  let left = 0;
  for (const type of resourceTypes.filter((each) => each.namespaced)) {
    for (const object of store.list(type, name)) {
      store.remove(type, { namespace: name, name: object.metadata.name });
    }
    left += store.list(type, name).length;
  }
  if (left === 0) store.remove(typeOf('Namespace'), { namespace: undefined, name }, { graceSeconds: 0 });
}

function isOwnedBy(object: KubeObject, uid: string): boolean {
  return object.metadata.ownerReferences?.some((reference) => reference.uid === uid) === true;
}
