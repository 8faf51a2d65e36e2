import type { YamlPath } from '../locate-in-yaml.ts';

/**
 * Fields that a manifest of an overlay may have. `'any'` stands for whatever is below; a list is described by its items;
 * the key `*` by any name. What is missing here is refused: the API server would drop it, or it reaches beyond the
 * server (`externalIPs`, `nodeName`, `serviceAccountName`, `priorityClassName`, route filters …).
 */
type Fields = { readonly [name: string]: Fields } | 'any';

const any = 'any' as const;

function names(...list: string[]): Record<string, Fields> {
  return Object.fromEntries(list.map((name) => [name, any]));
}

const metadata: Fields = { ...names('name', 'namespace'), labels: any, annotations: any };
const selector: Fields = { matchLabels: any, matchExpressions: names('key', 'operator', 'values') };

const httpGet: Fields = { ...names('path', 'port', 'scheme', 'host'), httpHeaders: names('name', 'value') };
const probe: Fields = {
  httpGet,
  tcpSocket: names('port', 'host'),
  grpc: names('port', 'service'),
  exec: names('command'),
  ...names('initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'failureThreshold', 'successThreshold'),
};
const hook: Fields = { sleep: names('seconds'), exec: names('command'), httpGet };

/** Of these the Pod Security Standard says more than that they are unknown. */
const security = {
  ...names('runAsNonRoot', 'runAsUser', 'runAsGroup', 'seLinuxOptions', 'appArmorProfile', 'windowsOptions'),
  seccompProfile: names('type', 'localhostProfile'),
};

const container: Fields = {
  ...names('name', 'image', 'imagePullPolicy', 'command', 'args', 'workingDir'),
  ...names('terminationMessagePath', 'terminationMessagePolicy', 'restartPolicy'),
  ports: names('name', 'containerPort', 'protocol', 'hostPort'),
  env: {
    ...names('name', 'value'),
    valueFrom: {
      secretKeyRef: names('name', 'key', 'optional'),
      fieldRef: names('fieldPath', 'apiVersion'),
      resourceFieldRef: names('resource', 'containerName', 'divisor'),
    },
  },
  envFrom: { prefix: any, secretRef: names('name', 'optional') },
  resources: { requests: any, limits: any },
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  lifecycle: { preStop: hook, postStart: hook },
  securityContext: {
    ...security,
    ...names('allowPrivilegeEscalation', 'readOnlyRootFilesystem', 'privileged', 'procMount'),
    capabilities: names('add', 'drop'),
  },
  volumeMounts: names('name', 'mountPath', 'readOnly', 'subPath'),
};

const volume: Fields = {
  name: any,
  emptyDir: names('sizeLimit', 'medium'),
  secret: { ...names('secretName', 'optional', 'defaultMode'), items: names('key', 'path', 'mode') },
  // Refused with a reason, by the Pod Security Standard.
  hostPath: any,
};

const pod: Fields = {
  ...names('automountServiceAccountToken', 'enableServiceLinks', 'terminationGracePeriodSeconds', 'restartPolicy'),
  ...names('runtimeClassName', 'hostUsers', 'dnsPolicy', 'hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'),
  ...names('nodeSelector', 'affinity'),
  securityContext: {
    ...security,
    ...names('fsGroup', 'fsGroupChangePolicy', 'supplementalGroups', 'supplementalGroupsPolicy'),
    sysctls: names('name', 'value'),
  },
  containers: container,
  initContainers: container,
  volumes: volume,
  tolerations: names('key', 'operator', 'value', 'effect', 'tolerationSeconds'),
  topologySpreadConstraints: {
    ...names('maxSkew', 'topologyKey', 'whenUnsatisfiable', 'minDomains', 'matchLabelKeys'),
    ...names('nodeAffinityPolicy', 'nodeTaintsPolicy'),
    labelSelector: selector,
  },
  imagePullSecrets: names('name'),
};

const peer: Fields = { ipBlock: names('cidr', 'except'), namespaceSelector: selector, podSelector: selector };

/** By `apiVersion kind`; the other kinds of an overlay are held to the schema of what mcp-hosting writes. */
const FIELDS: Readonly<Record<string, Fields>> = {
  'apps/v1 Deployment': {
    metadata,
    spec: {
      ...names('replicas', 'progressDeadlineSeconds', 'revisionHistoryLimit', 'minReadySeconds', 'paused'),
      selector,
      strategy: { type: any, rollingUpdate: names('maxSurge', 'maxUnavailable') },
      template: { metadata: names('labels', 'annotations'), spec: pod },
    },
  },
  'v1 Service': {
    metadata,
    spec: {
      ...names('type', 'selector', 'externalName', 'sessionAffinity', 'internalTrafficPolicy', 'trafficDistribution'),
      ports: names('name', 'port', 'targetPort', 'protocol', 'appProtocol'),
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
          paths: { ...names('path', 'pathType'), backend: { service: { name: any, port: names('number', 'name') } } },
        },
      },
    },
  },
  'networking.k8s.io/v1 NetworkPolicy': {
    metadata,
    spec: {
      podSelector: selector,
      policyTypes: any,
      egress: { to: peer, ports: names('port', 'protocol', 'endPort') },
      ingress: { from: peer, ports: names('port', 'protocol', 'endPort') },
    },
  },
  'gateway.networking.k8s.io/v1 HTTPRoute': {
    metadata,
    spec: {
      parentRefs: names('group', 'kind', 'name', 'namespace', 'sectionName', 'port'),
      hostnames: any,
      rules: {
        name: any,
        matches: {
          path: names('type', 'value'),
          method: any,
          headers: names('type', 'name', 'value'),
          queryParams: names('type', 'name', 'value'),
        },
        timeouts: names('request', 'backendRequest'),
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
        type: any,
        pods: {
          metric: { name: any, selector },
          target: names('type', 'value', 'averageValue', 'averageUtilization'),
        },
        resource: { name: any, target: names('type', 'value', 'averageValue', 'averageUtilization') },
      },
      behavior: any,
    },
  },
  'policy/v1 PodDisruptionBudget': {
    metadata,
    spec: { ...names('maxUnavailable', 'minAvailable', 'unhealthyPodEvictionPolicy'), selector },
  },
  'v1 Namespace': { metadata, spec: 'any' },
  'v1 ResourceQuota': { metadata, spec: { hard: any, scopes: any } },
  'v1 LimitRange': {
    metadata,
    spec: { limits: names('type', 'default', 'defaultRequest', 'max', 'min', 'maxLimitRequestRatio') },
  },
};

/** Paths of the fields that a manifest may not have; every one of a kind that is not described above is admitted here. */
export function unlistedFields(manifest: { apiVersion: string; kind: string }): YamlPath[] {
  const fields = FIELDS[`${manifest.apiVersion} ${manifest.kind}`];
  if (fields === undefined) return [];
  return unlisted(manifest, { ...(fields as object), apiVersion: any, kind: any }, []);
}

function unlisted(value: unknown, fields: Fields, path: YamlPath): YamlPath[] {
  if (fields === 'any' || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unlisted(item, fields, [...path, index]));
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return known === undefined ? [[...path, name]] : unlisted(inner, known, [...path, name]);
  });
}
