import type { YamlPath } from '../locate-in-yaml.ts';
import { ACCESS_FILE_MODE, ACCESS_KEYS_FILE, ACCESS_PATH, SPREAD_OVER, USER_ID } from '../manifests/deployment.ts';
import { REQUEST_RATE_METRIC } from '../manifests/horizontal-pod-autoscaler.ts';
import { GATEWAY_GROUP } from '../manifests/http-route.ts';
import { INTERCEPTOR } from '../manifests/keda.ts';
import {
  CONTAINER_NAME,
  CONTAINER_PORT,
  METRICS_PORT,
  OWN_EGRESS_LABEL,
  SERVICE_PORT,
} from '../manifests/server-object.ts';

/**
 * What a manifest may say of a field: `'any'` stands for whatever is below, a rule for some values, a mapping for fields
 * of its own. A list in a manifest is described by its items.
 */
type Admitted = 'any' | Rule | Fields;
interface Fields {
  readonly [name: string]: Admitted;
}

class Rule {
  readonly admits: (value: unknown) => boolean;
  /** For a sentence: `1 or 2`. */
  readonly expected: string;

  constructor(admits: (value: unknown) => boolean, expected: string) {
    this.admits = admits;
    this.expected = expected;
  }
}

/** A field that a manifest may not have, or one with a value that it may not have. */
export interface UnadmittedField {
  path: YamlPath;
  value: unknown;
  /** Absent where the field itself may not be there. */
  expected?: string;
}

const any = 'any' as const;

function names(...list: string[]): Record<string, Admitted> {
  return Object.fromEntries(list.map((name) => [name, any]));
}

function oneOf(...values: (string | number | boolean)[]): Rule {
  return new Rule(
    (value) => values.some((one) => one === value),
    values.map((one) => JSON.stringify(one)).join(' or '),
  );
}

function between(min: number, max: number): Rule {
  return new Rule(
    (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
    `a whole number from ${min} to ${max}`,
  );
}

/** Every controller and every Service of the namespace reads labels: a name of its own would be a command or a claim. */
const labels: Fields = {
  app: oneOf('mcp-server'),
  'app.kubernetes.io/managed-by': oneOf('mcp-hosting'),
  'app.kubernetes.io/name': oneOf('mcp-server'),
  ...names('server-id', 'app.kubernetes.io/version'),
  // Named by a check of its own.
  'app.kubernetes.io/instance': any,
};
const metadata: Fields = { ...names('name', 'namespace', 'annotations'), labels };
const selector: Fields = { matchLabels: { app: oneOf('mcp-server'), 'server-id': any } };

/** Of every wait: who sets a longer one means another unit. */
const SECONDS_MAX = 3_600;
/** A pod that is told to go must go within a rollout's time; ours have 45. */
const GRACE_SECONDS_MAX = 600;

const probe: Fields = {
  httpGet: { path: oneOf('/ready', '/health'), port: oneOf(CONTAINER_PORT) },
  initialDelaySeconds: between(0, SECONDS_MAX),
  periodSeconds: between(1, SECONDS_MAX),
  timeoutSeconds: between(1, SECONDS_MAX),
  failureThreshold: between(1, SECONDS_MAX),
};

const container: Fields = {
  ...names('image', 'resources'),
  name: oneOf(CONTAINER_NAME),
  ports: { name: oneOf('http', 'metrics'), containerPort: oneOf(CONTAINER_PORT, METRICS_PORT) },
  env: { ...names('name', 'value'), valueFrom: { secretKeyRef: names('name', 'key', 'optional') } },
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  lifecycle: { preStop: { sleep: { seconds: between(0, GRACE_SECONDS_MAX) } } },
  securityContext: {
    allowPrivilegeEscalation: oneOf(false),
    readOnlyRootFilesystem: oneOf(true),
    capabilities: { drop: oneOf('ALL') },
  },
  volumeMounts: { name: oneOf('tmp', 'access'), mountPath: oneOf('/tmp', ACCESS_PATH), readOnly: oneOf(true) },
};

const pod: Fields = {
  ...names('automountServiceAccountToken', 'runtimeClassName', 'hostUsers'),
  terminationGracePeriodSeconds: between(0, GRACE_SECONDS_MAX),
  enableServiceLinks: oneOf(false),
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: { matchExpressions: names('key', 'operator', 'values') },
      },
    },
  },
  tolerations: names('key', 'operator', 'value', 'effect'),
  topologySpreadConstraints: {
    maxSkew: between(1, 10),
    topologyKey: oneOf(...SPREAD_OVER),
    matchLabelKeys: oneOf('pod-template-hash'),
    whenUnsatisfiable: oneOf('ScheduleAnyway'),
    labelSelector: selector,
  },
  securityContext: {
    runAsNonRoot: oneOf(true),
    runAsUser: oneOf(USER_ID),
    runAsGroup: oneOf(USER_ID),
    fsGroup: oneOf(USER_ID),
    seccompProfile: { type: oneOf('RuntimeDefault') },
  },
  containers: container,
  volumes: {
    name: oneOf('tmp', 'access'),
    emptyDir: names('sizeLimit'),
    secret: {
      secretName: any,
      optional: oneOf(true),
      defaultMode: oneOf(ACCESS_FILE_MODE),
      items: { key: oneOf(ACCESS_KEYS_FILE), path: oneOf(ACCESS_KEYS_FILE) },
    },
  },
};

const scaling: Fields = {
  stabilizationWindowSeconds: between(0, SECONDS_MAX),
  selectPolicy: oneOf('Max', 'Min', 'Disabled'),
  policies: { type: oneOf('Pods', 'Percent'), value: between(1, 1_000), periodSeconds: between(1, 1_800) },
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
      replicas: any,
      progressDeadlineSeconds: between(1, SECONDS_MAX),
      revisionHistoryLimit: between(0, 10),
      selector,
      strategy: { type: oneOf('RollingUpdate'), rollingUpdate: { maxSurge: oneOf(1), maxUnavailable: oneOf(0) } },
      template: { metadata: { labels: { ...labels, [OWN_EGRESS_LABEL]: oneOf('own') }, annotations: any }, spec: pod },
    },
  },
  'v1 Service': {
    metadata,
    spec: {
      ...names('type', 'externalName'),
      selector: { app: oneOf('mcp-server'), 'server-id': any },
      ports: { name: oneOf('http'), port: oneOf(SERVICE_PORT, INTERCEPTOR.port), targetPort: any },
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
          paths: {
            path: oneOf('/'),
            pathType: oneOf('Prefix'),
            backend: { service: { name: any, port: { number: oneOf(SERVICE_PORT, INTERCEPTOR.port) } } },
          },
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
        ports: { port: between(1, 65_535), protocol: oneOf('TCP', 'UDP') },
      },
    },
  },
  'gateway.networking.k8s.io/v1 HTTPRoute': {
    metadata,
    spec: {
      parentRefs: { group: oneOf(GATEWAY_GROUP), ...names('kind', 'name', 'namespace') },
      hostnames: any,
      rules: {
        matches: { path: { type: oneOf('PathPrefix'), value: oneOf('/') } },
        timeouts: names('request'),
        backendRefs: {
          ...names('group', 'kind', 'name', 'namespace'),
          port: oneOf(SERVICE_PORT, INTERCEPTOR.port),
          weight: oneOf(1),
        },
      },
    },
  },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    metadata,
    spec: {
      ...names('minReplicas', 'maxReplicas'),
      scaleTargetRef: { apiVersion: oneOf('apps/v1'), ...names('kind', 'name') },
      metrics: {
        type: oneOf('Pods', 'Resource'),
        pods: {
          metric: { name: oneOf(REQUEST_RATE_METRIC) },
          target: { type: oneOf('AverageValue'), averageValue: any },
        },
        resource: { name: oneOf('cpu'), target: { type: oneOf('Utilization'), averageUtilization: between(1, 1_000) } },
      },
      behavior: { scaleUp: scaling, scaleDown: scaling },
    },
  },
  'policy/v1 PodDisruptionBudget': {
    metadata,
    spec: { maxUnavailable: oneOf(1), unhealthyPodEvictionPolicy: oneOf('AlwaysAllow'), selector },
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
  'v1 Namespace': { metadata: baseMetadata },
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
  if (admitted instanceof Rule) return admitted.admits(value) ? [] : [{ path, value, expected: admitted.expected }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = Object.hasOwn(admitted, name) ? admitted[name] : undefined;
    return known === undefined ? [{ path: [...path, name], value: inner }] : unadmitted(inner, known, [...path, name]);
  });
}
