import { isSameJson } from '../store/is-same-json.ts';
import type { KubeObject, Manifest } from '../store/kube-object.ts';
import { findTypeByKind } from '../store/resource-type.ts';
import { type ResourceSummary, trackingAnnotation } from './application.ts';
import { threeWayMerge } from './three-way-merge.ts';

/** Where `kubectl apply` and Argo CD keep what was applied last. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

export interface ComparedResource {
  summary: ResourceSummary;
  /** Absent for what must be pruned. */
  wanted?: Manifest;
  live?: KubeObject;
}

/**
 * Compares the manifests of an Application with the objects it has in the cluster. Pure.
 *
 * @param live finds the object of a manifest
 * @param tracked all objects that carry the Application's tracking annotation
 */
export function compareResources(options: {
  application: string;
  manifests: Manifest[];
  live: (manifest: Manifest) => KubeObject | undefined;
  tracked: KubeObject[];
}): ComparedResource[] {
  const { application, manifests, live, tracked } = options;
  const wanted = manifests.map((manifest): ComparedResource => {
    const marked = withTracking(manifest, application);
    const present = live(marked);
    const isSynced = present !== undefined && isSameJson(mergedInto(marked, present), present);
    const summary = { ...identityOf(marked), status: isSynced ? 'Synced' : 'OutOfSync' } as const;
    return present === undefined ? { summary, wanted: marked } : { summary, wanted: marked, live: present };
  });
  const names = new Set(wanted.map(({ summary }) => keyOf(summary)));
  const surplus = tracked
    .filter((object) => isTrackedAsItself(object) && !names.has(keyOf(identityOf(object))))
    .map((object): ComparedResource => {
      return { summary: { ...identityOf(object), status: 'OutOfSync', requiresPruning: true }, live: object };
    });
  return [...wanted, ...surplus].sort((a, b) => keyOf(a.summary).localeCompare(keyOf(b.summary)));
}

/** @returns the live object as it is after `wanted` was applied to it */
export function appliedTo(wanted: Manifest, live: KubeObject): KubeObject {
  const merged = mergedInto(wanted, live);
  const annotations = { ...merged.metadata.annotations, [lastAppliedAnnotation]: JSON.stringify(wanted) };
  return { ...merged, metadata: { ...merged.metadata, annotations } };
}

/** The note of what was applied last is left as it is: it is no difference that counts. */
function mergedInto(wanted: Manifest, live: KubeObject): KubeObject {
  const { status: _status, ...desired } = wanted;
  return threeWayMerge(parseApplied(live), desired, live) as KubeObject;
}

export function identityOf(object: Manifest | KubeObject): Omit<ResourceSummary, 'status'> {
  const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const { namespace = '', name } = object.metadata;
  return { group: group ?? '', version: version ?? '', kind: object.kind, namespace, name };
}

function withTracking(manifest: Manifest, application: string): Manifest {
  const { group, kind, namespace, name } = identityOf(manifest);
  const annotations = {
    ...manifest.metadata.annotations,
    [trackingAnnotation]: `${application}:${group}/${kind}:${namespace}/${name}`,
  };
  const type = findTypeByKind(manifest.apiVersion, manifest.kind);
  const { namespace: given, ...metadata } = manifest.metadata;
  const scope = type?.namespaced === false || given === undefined ? {} : { namespace: given };
  return { ...manifest, metadata: { ...metadata, ...scope, annotations } };
}

/** Copies of an object keep its annotations; they are not Argo CD's. */
function isTrackedAsItself(object: KubeObject): boolean {
  const { group, kind, namespace, name } = identityOf(object);
  return object.metadata.annotations?.[trackingAnnotation]?.endsWith(`:${group}/${kind}:${namespace}/${name}`) === true;
}

function keyOf({ group, kind, namespace, name }: Omit<ResourceSummary, 'status'>): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

function parseApplied(live: KubeObject): unknown {
  try {
    return JSON.parse(live.metadata.annotations?.[lastAppliedAnnotation] ?? '{}');
  } catch {
    // Somebody edited the annotation: nothing is known to have been applied.
    return {};
  }
}
