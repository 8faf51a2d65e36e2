/** Standard object metadata, as far as the sandbox keeps it. Unknown fields are kept as they came. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid: string;
  /** A decimal number as text; grows with every change of any object. */
  resourceVersion: string;
  generation?: number;
  /** ISO 8601, whole seconds. */
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  [field: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

/** Any stored object. It is never changed in place: whoever wants another one replaces it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A manifest as people write it: metadata that the server adds is absent. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Partial<ObjectMeta> & { name: string };
  [field: string]: unknown;
}

/** @returns ISO 8601 without fractions, the form of `metav1.Time`. */
export function kubeTime(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** @returns an owner reference that makes `owner` the controller of whatever carries it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
  };
}
