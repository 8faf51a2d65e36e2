import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { LimitRange, Namespace, ResourceQuota, Service } from 'kubernetes-models/v1';
import type { YamlPath } from '../locate-in-yaml.ts';
import { backendTrafficPolicy } from '../manifests/backend-traffic-policy.ts';
import { certificate } from '../manifests/certificate.ts';
import { externalSecret } from '../manifests/external-secret.ts';
import { interceptorRoute } from '../manifests/interceptor-route.ts';
import { listenerSet } from '../manifests/listener-set.ts';
import { scaledObject } from '../manifests/scaled-object.ts';
import type { Manifest } from '../read-manifests.ts';
import { describeValue } from '../schema-problems.ts';
import { type Finding, finding } from './finding.ts';
import { OVERLAY_FIELDS, type UnadmittedField, unadmittedFields } from './manifest-fields.ts';

type Constructor = new (data: never) => { validate(): void };

/** The schemas of the Kubernetes API, and that of the Gateway API. */
const MODELS: Readonly<Record<string, Constructor>> = {
  'apps/v1 Deployment': Deployment,
  'v1 Service': Service,
  'v1 Namespace': Namespace,
  'v1 ResourceQuota': ResourceQuota,
  'v1 LimitRange': LimitRange,
  'networking.k8s.io/v1 Ingress': Ingress,
  'networking.k8s.io/v1 NetworkPolicy': NetworkPolicy,
  'autoscaling/v2 HorizontalPodAutoscaler': HorizontalPodAutoscaler,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
  'gateway.networking.k8s.io/v1 HTTPRoute': HTTPRoute,
};

type CustomKind = (object: never) => { schemaErrors(): readonly SchemaError[] };

/** Of these only the form that mcp-hosting writes is admitted. */
const CUSTOM_KINDS: Readonly<Record<string, CustomKind>> = {
  'gateway.networking.k8s.io/v1 ListenerSet': listenerSet,
  'gateway.envoyproxy.io/v1alpha1 BackendTrafficPolicy': backendTrafficPolicy,
  'cert-manager.io/v1 Certificate': certificate,
  'external-secrets.io/v1 ExternalSecret': externalSecret,
  'http.keda.sh/v1beta1 InterceptorRoute': interceptorRoute,
  'keda.sh/v1alpha1 ScaledObject': scaledObject,
};

/** What ajv tells, as far as it is used. */
interface SchemaError {
  instancePath: string;
  message?: string | undefined;
}

/** A hostile manifest has thousands; a person mends a few at a time. */
const SCHEMA_FINDINGS_MAX = 20;

/**
 * What the API server would refuse or drop, which is unknown fields, missing ones and values of another type; and what
 * is not admitted.
 *
 * @param fields those that are admitted, by `apiVersion kind`
 */
export function checkSchema(
  manifest: Manifest,
  fields: typeof OVERLAY_FIELDS = OVERLAY_FIELDS,
): { sound: boolean; findings: Finding[] } {
  const wrong = schemaErrors(manifest)
    .slice(0, SCHEMA_FINDINGS_MAX)
    .map(({ instancePath, message = 'must be valid' }) =>
      finding(
        stepsOf(manifest, instancePath),
        'it does not hold to the schema of Kubernetes',
        `it ${message.replace(/^must /, 'to ')}`,
      ),
    );
  const unadmitted = unadmittedFields(manifest, fields).slice(0, SCHEMA_FINDINGS_MAX).map(unadmittedFinding);
  return { sound: wrong.length === 0, findings: [...wrong, ...unadmitted] };
}

/** Where people look for a field that they may not have. */
const INSTEAD: Readonly<Record<string, string>> = {
  command: "the image's own, which starts the wrapper; what the wrapper starts stands in .mcp-hosting.yml",
  args: "the image's own, which start the wrapper; what the wrapper starts stands in .mcp-hosting.yml",
  imagePullSecrets: 'them on the service account "default" of the namespace',
  envFrom: 'each variable by its name, under env with valueFrom.secretKeyRef',
};

function unadmittedFinding({ path, value, expected }: UnadmittedField): Finding {
  if (expected !== undefined) return finding(path, describeValue(value), expected);
  const instead = INSTEAD[String(path.at(-1))] ?? 'a manifest without it';
  return finding(path, 'this field is not admitted', instead, 'key');
}

function schemaErrors(manifest: Manifest): readonly SchemaError[] {
  const id = `${manifest.apiVersion} ${manifest.kind}`;
  const custom = CUSTOM_KINDS[id];
  if (custom) {
    const errors = custom(manifest as never).schemaErrors();
    return errors.map((error) => ({ ...error, instancePath: `/spec${error.instancePath}` }));
  }
  const Model = MODELS[id];
  if (!Model) return [{ instancePath: '', message: 'must be of a known kind' }];
  try {
    new Model(manifest as never).validate();
    return [];
  } catch (error) {
    if (isValidationError(error)) return error.errors;
    throw error;
  }
}

function isValidationError(error: unknown): error is Error & { errors: SchemaError[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

/** A JSON pointer as steps: an index into a list is a number. */
function stepsOf(root: unknown, pointer: string): YamlPath {
  let value: unknown = root;
  return pointer
    .split('/')
    .slice(1)
    .map((escaped) => {
      const step = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
      const index = Array.isArray(value) ? Number(step) : step;
      value = (value as Record<string, unknown> | undefined)?.[step];
      return index;
    });
}
