import { randomBytes } from 'node:crypto';
import { badRequest, invalid } from './api-error.ts';
import type { KubeObject, Manifest, ObjectMeta } from './kube-object.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

/** Longest name of an object (DNS-1123 subdomain). */
const nameCharactersMax = 253;
/** Longest label value. */
const labelCharactersMax = 63;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const rbacName = /^[^/%]+$/;
const labelValue = /^(|[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)$/;

/**
 * Checks what every object must have, and fills in what the API server would.
 * @throws ApiError 400 for another kind than the path's, 422 for a bad name, label or Secret
 */
export function admit(type: ResourceType, manifest: Manifest): Manifest & { metadata: ObjectMeta } {
  if (manifest.apiVersion !== apiVersionOf(type) || manifest.kind !== type.kind) {
    const found = `${manifest.apiVersion}, Kind=${manifest.kind}`;
    throw badRequest(`the object provided is ${found}, expected ${apiVersionOf(type)}, Kind=${type.kind}`);
  }
  const metadata = { ...manifest.metadata };
  if (!metadata.name && typeof metadata.generateName === 'string') {
    metadata.name = `${metadata.generateName}${randomBytes(3).toString('hex').slice(0, 5)}`;
  }
  checkName(type, metadata.name);
  checkLabels(type, metadata);
  if (!type.namespaced) delete metadata.namespace;
  const object = { ...manifest, metadata: metadata as ObjectMeta };
  return type.kind === 'Secret' ? admitSecret(object) : object;
}

/** Puts back the fields that a write cannot change, and counts the generation up when the desired state changed. */
export function keepServerFields(
  type: ResourceType,
  options: { wanted: Manifest; present: KubeObject; part: 'object' | 'status' },
): KubeObject {
  const { wanted, present, part } = options;
  if (part === 'status') return withStatus(present, wanted.status);
  const { uid, creationTimestamp, generation = 1, deletionTimestamp, deletionGracePeriodSeconds } = present.metadata;
  const metadata: ObjectMeta = {
    ...wanted.metadata,
    uid,
    creationTimestamp,
    generation,
    resourceVersion: present.metadata.resourceVersion,
  };
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if (deletionTimestamp !== undefined) metadata.deletionTimestamp = deletionTimestamp;
  if (deletionGracePeriodSeconds !== undefined) metadata.deletionGracePeriodSeconds = deletionGracePeriodSeconds;
  const object = withStatus({ ...wanted, metadata }, type.hasStatus ? present.status : wanted.status);
  if (desiredState(type, object) !== desiredState(type, present)) metadata.generation = generation + 1;
  return object;
}

function withStatus(object: KubeObject, status: unknown): KubeObject {
  const { status: _before, ...rest } = object;
  return status === undefined ? (rest as KubeObject) : ({ ...rest, status } as KubeObject);
}

function desiredState(type: ResourceType, object: KubeObject): string {
  const { metadata: _metadata, status, ...desired } = object;
  return JSON.stringify(type.hasStatus ? desired : { ...desired, status });
}

function checkName(type: ResourceType, name: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw invalid(type.kind, '', 'metadata.name: Required value: name or generateName is required');
  }
  const pattern = type.group === 'rbac.authorization.k8s.io' ? rbacName : subdomain;
  if (name.length > nameCharactersMax || !pattern.test(name)) {
    const shown = name.slice(0, nameCharactersMax);
    throw invalid(type.kind, shown, `metadata.name: Invalid value: a lowercase RFC 1123 subdomain is required`);
  }
}

function checkLabels(type: ResourceType, metadata: Partial<ObjectMeta>): void {
  for (const field of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries(metadata[field] ?? {})) {
      const isFine = typeof value === 'string' && (field === 'annotations' || isLabelValue(value));
      if (!isFine) throw invalid(type.kind, metadata.name ?? '', `metadata.${field}: Invalid value of ${key}`);
    }
  }
}

function isLabelValue(value: string): boolean {
  return value.length <= labelCharactersMax && labelValue.test(value);
}

/** Moves `stringData` into `data`, which must be base64. */
function admitSecret<T extends Manifest>(secret: T): T {
  const { stringData, ...rest } = secret as T & { stringData?: Record<string, string>; data?: Record<string, string> };
  const data: Record<string, string> = { ...(secret.data as Record<string, string> | undefined) };
  for (const [key, value] of Object.entries(stringData ?? {}))
    data[key] = Buffer.from(String(value)).toString('base64');
  for (const [key, value] of Object.entries(data)) {
    if (typeof value !== 'string' || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) {
      throw invalid('Secret', secret.metadata.name, `data.${key}: Invalid value: illegal base64 data`);
    }
  }
  return { type: 'Opaque', ...rest, ...(Object.keys(data).length > 0 ? { data } : {}) } as unknown as T;
}
