import type { YamlPath } from '../locate-in-yaml.ts';
import { ACCESS_PATH, USER_ID } from '../manifests/deployment.ts';
import { REQUEST_RATE_METRIC } from '../manifests/horizontal-pod-autoscaler.ts';
import { CONTAINER_NAME, CONTAINER_PORT, METRICS_PORT, OWN_EGRESS_LABEL } from '../manifests/server-object.ts';

/**
 * What a manifest may say of a field: `'any'` stands for whatever is below, a list of values for one of them, a mapping
 * for fields of its own. A list in a manifest is described by its items.
 */
type Admitted = 'any' | readonly (string | number | boolean)[] | Fields;
interface Fields {
  readonly [name: string]: Admitted;
}

/** A field that a manifest may not have, or one with a value that it may not have. */
export interface UnadmittedField {
  path: YamlPath;
  /** The values that it may have; absent where the field itself may not be there. */
  values?: readonly (string | number | boolean)[];
  value: unknown;
}

const any = 'any' as const;

function names(...list: string[]): Record<string, Admitted> {
  return Object.fromEntries(list.map((name) => [name, any]));
}

/** Every controller and every Service of the namespace reads labels: a name of its own would be a command or a claim. */
const labels: Fields = {
  app: ['mcp-server'],
  'app.kubernetes.io/managed-by': ['mcp-hosting'],
  'app.kubernetes.io/name': ['mcp-server'],
  ...names('server-id', 'app.kubernetes.io/version'),
  // Named by a check of its own.
  'app.kubernetes.io/instance': any,
};
const metadata: Fields = { ...names('name', 'namespace', 'annotations'), labels };
const selector: Fields = { matchLabels: { app: ['mcp-server'], 'server-id': any } };

const probe: Fields = {
  httpGet: { path: any, port: [CONTAINER_PORT] },
  ...names('initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'failureThreshold'),
};

const container: Fields = {
  ...names('image', 'resources'),
  name: [CONTAINER_NAME],
  ports: { name: ['http', 'metrics'], containerPort: [CONTAINER_PORT, METRICS_PORT] },
  env: { ...names('name', 'value'), valueFrom: { secretKeyRef: names('name', 'key', 'optional') } },
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  lifecycle: { preStop: { sleep: { seconds: any } } },
  securityContext: {
    allowPrivilegeEscalation: [false],
    readOnlyRootFilesystem: [true],
    capabilities: { drop: ['ALL'] },
  },
  volumeMounts: { name: ['tmp', 'access'], mountPath: ['/tmp', ACCESS_PATH], readOnly: any },
};

const pod: Fields = {
  ...names('automountServiceAccountToken', 'terminationGracePeriodSeconds', 'runtimeClassName', 'hostUsers'),
  enableServiceLinks: [false],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: { matchExpressions: names('key', 'operator', 'values') },
      },
    },
  },
  tolerations: names('key', 'operator', 'value', 'effect'),
  topologySpreadConstraints: {
    ...names('maxSkew', 'topologyKey', 'matchLabelKeys'),
    whenUnsatisfiable: ['ScheduleAnyway'],
    labelSelector: selector,
  },
  securityContext: {
    runAsNonRoot: [true],
    runAsUser: [USER_ID],
    runAsGroup: [USER_ID],
    fsGroup: [USER_ID],
    seccompProfile: { type: ['RuntimeDefault'] },
  },
  containers: container,
  volumes: {
    name: ['tmp', 'access'],
    emptyDir: names('sizeLimit'),
    secret: { ...names('secretName', 'optional', 'defaultMode'), items: names('key', 'path') },
  },
};

const scaling: Fields = {
  ...names('stabilizationWindowSeconds', 'selectPolicy'),
  policies: names('type', 'value', 'periodSeconds'),
};

/** The spec of these is held to the schema of what mcp-hosting writes. */
const custom: Fields = { metadata, spec: any };

/**
 * The fields of `servers/<server-id>/`, by `apiVersion kind`: those that mcp-hosting writes for some configuration, and
 * few more, which a check of their own looks at. Where it writes one value always and another would reach beyond the
 * server or around the wrapper, that value.
 */
export const OVERLAY_FIELDS: Readonly<Record<string, Fields>> = {
  'apps/v1 Deployment': {
    metadata,
    spec: {
      ...names('replicas', 'progressDeadlineSeconds', 'revisionHistoryLimit'),
      selector,
      strategy: { type: ['RollingUpdate'], rollingUpdate: { maxSurge: [1], maxUnavailable: [0] } },
      template: { metadata: { labels: { ...labels, [OWN_EGRESS_LABEL]: ['own'] }, annotations: any }, spec: pod },
    },
  },
  'v1 Service': {
    metadata,
    spec: {
      ...names('type', 'externalName'),
      selector: { app: ['mcp-server'], 'server-id': any },
      ports: names('name', 'port', 'targetPort'),
    },
  },
  'networking.k8s.io/v1 Ingress': {
    metadata,
    spec: {
      ingressClassName: any,
      tls: names('hosts', 'secretName'),
      rules: {
        host: any,
        http: {
          paths: { path: ['/'], pathType: ['Prefix'], backend: { service: { name: any, port: { number: any } } } },
        },
      },
    },
  },
  'networking.k8s.io/v1 NetworkPolicy': {
    metadata,
    spec: {
      podSelector: selector,
      ...names('policyTypes', 'ingress'),
      egress: {
        to: { ipBlock: names('cidr', 'except'), ...names('namespaceSelector', 'podSelector') },
        ports: names('port', 'protocol'),
      },
    },
  },
  'gateway.networking.k8s.io/v1 HTTPRoute': {
    metadata,
    spec: {
      parentRefs: names('group', 'kind', 'name', 'namespace'),
      hostnames: any,
      rules: {
        matches: { path: { type: ['PathPrefix'], value: ['/'] } },
        timeouts: names('request'),
        backendRefs: names('group', 'kind', 'name', 'namespace', 'port', 'weight'),
      },
    },
  },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    metadata,
    spec: {
      ...names('minReplicas', 'maxReplicas'),
      scaleTargetRef: names('apiVersion', 'kind', 'name'),
      metrics: {
        type: ['Pods', 'Resource'],
        pods: { metric: { name: [REQUEST_RATE_METRIC] }, target: names('type', 'averageValue') },
        resource: { name: ['cpu'], target: names('type', 'averageUtilization') },
      },
      behavior: { scaleUp: scaling, scaleDown: scaling },
    },
  },
  'policy/v1 PodDisruptionBudget': {
    metadata,
    spec: { maxUnavailable: [1], unhealthyPodEvictionPolicy: ['AlwaysAllow'], selector },
  },
  'gateway.networking.k8s.io/v1 ListenerSet': custom,
  'gateway.envoyproxy.io/v1alpha1 BackendTrafficPolicy': custom,
  'cert-manager.io/v1 Certificate': custom,
  'external-secrets.io/v1 ExternalSecret': custom,
  'http.keda.sh/v1beta1 InterceptorRoute': custom,
  'keda.sh/v1alpha1 ScaledObject': custom,
};

const baseMetadata: Fields = names('name', 'namespace', 'labels', 'annotations');
const baseSelector: Fields = { matchLabels: any, matchExpressions: names('key', 'operator', 'values') };
const basePeer: Fields = {
  ipBlock: names('cidr', 'except'),
  namespaceSelector: baseSelector,
  podSelector: baseSelector,
};
const basePorts: Fields = names('port', 'protocol', 'endPort');

/** The fields of `base/`, which people write: all that its kinds have. */
export const BASE_FIELDS: Readonly<Record<string, Fields>> = {
  'networking.k8s.io/v1 NetworkPolicy': {
    metadata: baseMetadata,
    spec: {
      podSelector: baseSelector,
      policyTypes: any,
      egress: { to: basePeer, ports: basePorts },
      ingress: { from: basePeer, ports: basePorts },
    },
  },
  'v1 Namespace': { metadata: baseMetadata, spec: any },
  'v1 ResourceQuota': { metadata: baseMetadata, spec: names('hard', 'scopes') },
  'v1 LimitRange': {
    metadata: baseMetadata,
    spec: { limits: names('type', 'default', 'defaultRequest', 'max', 'min', 'maxLimitRequestRatio') },
  },
};

/** What in a manifest is not admitted by the fields of its kind. */
export function unadmittedFields(
  manifest: { apiVersion: string; kind: string },
  kinds: Readonly<Record<string, Fields>>,
): UnadmittedField[] {
  const fields = kinds[`${manifest.apiVersion} ${manifest.kind}`];
  return fields ? unadmitted(manifest, { ...fields, apiVersion: any, kind: any }, []) : [];
}

function unadmitted(value: unknown, admitted: Admitted, path: YamlPath): UnadmittedField[] {
  if (admitted === 'any') return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unadmitted(item, admitted, [...path, index]));
  if (isValues(admitted)) {
    return admitted.some((one) => one === value) ? [] : [{ path, values: admitted, value }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = Object.hasOwn(admitted, name) ? admitted[name] : undefined;
    return known === undefined ? [{ path: [...path, name], value: inner }] : unadmitted(inner, known, [...path, name]);
  });
}

function isValues(admitted: Exclude<Admitted, 'any'>): admitted is readonly (string | number | boolean)[] {
  return Array.isArray(admitted);
}
