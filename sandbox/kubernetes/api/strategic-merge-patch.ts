import { isRecord } from './merge-patch.ts';

/**
 * The merge keys of the lists that manifests for this platform hold, from the `patchMergeKey` tags of Kubernetes' API
 * types. Every other list is replaced as a whole, which is a limit of this sandbox.
 */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  imagePullSecrets: ['name'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  ports: ['containerPort', 'port'],
  topologySpreadConstraints: ['topologyKey'],
};

/** Kubernetes' strategic merge patch with `$patch: delete|replace`, `$deleteFromPrimitiveList` and ordering directives. */
export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  if (patch.$patch === 'replace') return withoutDirectives(patch);
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') continue;
    if (key.startsWith('$deleteFromPrimitiveList/')) removeValues(merged, key, value);
    else if (key.startsWith('$')) continue;
    else if (value === null) delete merged[key];
    else if (Array.isArray(value)) merged[key] = mergeList(key, merged[key], value);
    else merged[key] = strategicMergePatch(merged[key], value);
  }
  return merged;
}

function mergeList(field: string, present: unknown, patch: unknown[]): unknown[] {
  const mergeKey = mergeKeyOf(field, patch);
  if (field === 'finalizers') return [...new Set([...(Array.isArray(present) ? present : []), ...patch])];
  if (mergeKey === undefined) return patch;
  if (patch.some((item) => isRecord(item) && item.$patch === 'replace')) {
    return patch.filter((item) => isRecord(item) && item.$patch === undefined);
  }
  const merged = Array.isArray(present) ? [...present] : [];
  for (const item of patch) {
    if (!isRecord(item)) continue;
    const index = merged.findIndex((each) => isRecord(each) && each[mergeKey] === item[mergeKey]);
    if (item.$patch === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (index >= 0) merged[index] = strategicMergePatch(merged[index], item);
    else merged.push(withoutDirectives(item));
  }
  return merged;
}

function mergeKeyOf(field: string, patch: unknown[]): string | undefined {
  return mergeKeys[field]?.find((key) => patch.every((item) => isRecord(item) && (key in item || '$patch' in item)));
}

function removeValues(merged: Record<string, unknown>, directive: string, values: unknown): void {
  const field = directive.slice('$deleteFromPrimitiveList/'.length);
  const present = merged[field];
  if (Array.isArray(present) && Array.isArray(values)) merged[field] = present.filter((item) => !values.includes(item));
}

function withoutDirectives(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key, item]) => !key.startsWith('$') && item !== null));
}
