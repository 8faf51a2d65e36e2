import * as client from '@kubernetes/client-node';

interface Attribute {
  baseName: string;
  type: string;
}

type Model = { getAttributeTypeMap(): Attribute[] };

/** The classes of the Kubernetes client, generated from the API server's own OpenAPI document. */
const MODELS = client as unknown as Record<string, Model | undefined>;

const MODEL_OF: Record<string, string> = {
  'apps/v1 Deployment': 'V1Deployment',
  'v1 Service': 'V1Service',
  'networking.k8s.io/v1 Ingress': 'V1Ingress',
  'networking.k8s.io/v1 NetworkPolicy': 'V1NetworkPolicy',
  'autoscaling/v2 HorizontalPodAutoscaler': 'V2HorizontalPodAutoscaler',
  'policy/v1 PodDisruptionBudget': 'V1PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1 Role': 'V1Role',
  'rbac.authorization.k8s.io/v1 RoleBinding': 'V1RoleBinding',
  'v1 ConfigMap': 'V1ConfigMap',
  'v1 LimitRange': 'V1LimitRange',
  'v1 Namespace': 'V1Namespace',
  'v1 ResourceQuota': 'V1ResourceQuota',
  'v1 ServiceAccount': 'V1ServiceAccount',
};

/** Whether the kind is Kubernetes' own; those of CustomResourceDefinitions are checked as they are rendered. */
export function isBuiltIn(manifest: { apiVersion: string; kind: string }): boolean {
  return `${manifest.apiVersion} ${manifest.kind}` in MODEL_OF;
}

/**
 * What the API server's strict field validation would say of a manifest of a built-in kind: fields that it does not know,
 * and values of another type.
 */
export function schemaViolations(manifest: { apiVersion: string; kind: string }): string[] {
  const model = MODEL_OF[`${manifest.apiVersion} ${manifest.kind}`];
  return model ? violations(manifest, model, manifest.kind) : [`${manifest.kind}: unknown kind`];
}

function violations(value: unknown, type: string, path: string): string[] {
  const item = /^Array<(.+)>$/.exec(type)?.[1];
  if (item) {
    if (!Array.isArray(value)) return [`${path}: is no list`];
    return value.flatMap((each, index) => violations(each, item, `${path}[${index}]`));
  }
  const entry = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (entry || MODELS[type]) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: is no mapping`];
    return Object.entries(value).flatMap(([key, inner]) => violationsOfField(inner, { key, type, entry, path }));
  }
  if (type === 'IntOrString') return ['number', 'string'].includes(typeof value) ? [] : [`${path}: is no ${type}`];
  return typeof value === type ? [] : [`${path}: is no ${type}`];
}

function violationsOfField(
  value: unknown,
  { key, type, entry, path }: { key: string; type: string; entry: string | undefined; path: string },
): string[] {
  if (entry) return violations(value, entry, `${path}.${key}`);
  const attribute = MODELS[type]?.getAttributeTypeMap().find(({ baseName }) => baseName === key);
  return attribute ? violations(value, attribute.type, `${path}.${key}`) : [`${path}: unknown field "${key}"`];
}
