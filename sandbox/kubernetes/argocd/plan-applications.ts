import { isSameJson } from '../store/is-same-json.ts';
import type { KubeObject } from '../store/kube-object.ts';

export type ApplicationChange = { kind: 'create' | 'update' | 'delete'; application: KubeObject };

/**
 * What to do so that the Applications there are as wanted; empty when they are. Labels and annotations that others put
 * on an Application, such as the wish to refresh, stay. Pure.
 */
export function planApplications(wanted: KubeObject[], present: KubeObject[]): ApplicationChange[] {
  const changes: ApplicationChange[] = [];
  const names = new Set(wanted.map((application) => application.metadata.name));
  for (const application of wanted) {
    const there = present.find((each) => each.metadata.name === application.metadata.name);
    if (there === undefined) changes.push({ kind: 'create', application });
    else {
      const updated = merged(there, application);
      if (!isSameJson(updated, there)) changes.push({ kind: 'update', application: updated });
    }
  }
  for (const application of present) {
    const isGoing = application.metadata.deletionTimestamp !== undefined;
    if (!names.has(application.metadata.name) && !isGoing) changes.push({ kind: 'delete', application });
  }
  return changes;
}

function merged(present: KubeObject, wanted: KubeObject): KubeObject {
  const metadata = { ...present.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    const both = { ...present.metadata[field], ...wanted.metadata[field] };
    if (Object.keys(both).length > 0) metadata[field] = both;
  }
  if (present.metadata.deletionTimestamp === undefined && wanted.metadata.finalizers !== undefined) {
    metadata.finalizers = wanted.metadata.finalizers;
  }
  return { ...present, metadata, spec: wanted.spec };
}
