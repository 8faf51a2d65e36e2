import { Deployment } from 'kubernetes-models/apps/v1';
import type { IContainer, IEnvVar, IPodSpec, IProbe } from 'kubernetes-models/v1';
import { configChecksum } from '../config-checksum.ts';
import type { OverlayPolicy } from '../deployments-policy.ts';
import type { OverlayInput } from '../overlay-input.ts';
import { isScaledByRequests, planScaling } from '../plan-scaling.ts';
import { fullName } from '../repository.ts';
import {
  CONTAINER_NAME,
  CONTAINER_PORT,
  hostsOf,
  METRICS_PORT,
  OWN_EGRESS_LABEL,
  selectorLabels,
  serverObjectName,
} from './server-object.ts';

/**
 * The server's Deployment. Replicas and the image's digest are left to `kustomization.yaml`, so that a stop and a new
 * version each change one line. What names the version stands on the Deployment, not on its pods: pods restart when
 * the image or a setting changes, not when a commit does.
 */
export function deploymentManifest(input: OverlayInput): Deployment {
  const name = serverObjectName(input.serverId);
  const labels = selectorLabels(input.serverId);
  return new Deployment({
    metadata: {
      name,
      namespace: input.namespace,
      labels: { ...labels, 'app.kubernetes.io/version': input.version },
      annotations: {
        'mcp-hosting.dev/server-name': printable(input.serverName),
        'mcp-hosting.dev/source-repository': fullName(input.source.repository),
        'mcp-hosting.dev/source-commit': input.source.commitSha,
      },
    },
    spec: {
      selector: { matchLabels: labels },
      // Clients give up on a server after one refused connection: a new pod is ready before an old one goes.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS,
      revisionHistoryLimit: REVISIONS_KEPT,
      template: {
        metadata: {
          labels: input.config.egress ? { ...labels, [OWN_EGRESS_LABEL]: 'own' } : labels,
          annotations: { 'mcp-hosting.dev/config-checksum': podConfigChecksum(input) },
        },
        spec: podSpec(input),
      },
    },
  });
}

/** Of what the server runs with, whether or not it stands in the pod's fields: a change of it makes new pods. */
function podConfigChecksum(input: OverlayInput): string {
  const { resources, env, access, sessions, rateLimit } = input.config;
  return configChecksum({
    resources,
    env: [...new Set(env)].sort(),
    access,
    sessions,
    rateLimit,
    hosts: hostsOf(input),
  });
}

/** Text from strangers on one line: kustomize fails on some control characters, and reviewers must see what there is. */
function printable(text: string): string {
  return text
    .slice(0, NAME_CHARS_MAX)
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ');
}

/** As many as `.mcp-hosting.yml` allows. */
const NAME_CHARS_MAX = 100;
/** Image pull and start; Argo CD shows the Deployment as degraded afterwards. */
const PROGRESS_DEADLINE_SECONDS = 300;
/** Old ReplicaSets kept for `kubectl rollout undo`; git holds the whole history. */
const REVISIONS_KEPT = 3;
/** Time for the gateway to take a leaving pod off its list before the wrapper stops to accept. */
const DRAIN_SECONDS = 5;
/** The drain, then the wrapper's own graceful end of open requests. */
const TERMINATION_SECONDS = 45;
/** An open stream counts as a request to KEDA: one that nobody ends would keep its server from going to zero. */
const STREAM_AGE_MS_MAX = 600_000;
/** No user of that id exists in common images, so no file in them belongs to it. */
export const USER_ID = 10_001;
/** The one place a server may write to; counted against the pod, which is evicted beyond it. */
const TMP_SIZE = '64Mi';

/** The `restricted` Pod Security Standard, and a read-only root on top. */
function podSpec(input: OverlayInput): IPodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
      fsGroup: USER_ID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...placement(input),
    containers: [container(input)],
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: TMP_SIZE } }, ...(isPrivate(input) ? [accessVolume(input)] : [])],
  };
}

/** On which nodes the pods run, and how far they are kept from them. */
function placement(input: OverlayInput): Partial<IPodSpec> {
  const { nodePool, runtimeClass, hostUsers } = input.policy ?? {};
  return {
    ...(hostUsers === false ? { hostUsers } : {}),
    ...(runtimeClass ? { runtimeClassName: runtimeClass } : {}),
    ...(nodePool ? { affinity: poolAffinity(nodePool), tolerations: [poolToleration(nodePool)] } : {}),
    ...(planScaling(input).max > 1 ? { topologySpreadConstraints: SPREAD_OVER.map(spread(input)) } : {}),
  };
}

type NodePool = NonNullable<OverlayPolicy['nodePool']>;

function poolAffinity({ label, value }: NodePool): NonNullable<IPodSpec['affinity']> {
  const matchExpressions = [{ key: label, operator: 'In' as const, values: [value] }];
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
}

function poolToleration({ label, value }: NodePool): NonNullable<IPodSpec['tolerations']>[number] {
  return { key: label, operator: 'Equal', value, effect: 'NoSchedule' };
}

const SPREAD_OVER = ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'];

/** As even as there is room for: a cluster with one node runs them all the same. */
function spread({ serverId }: OverlayInput) {
  return (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway' as const,
    labelSelector: { matchLabels: selectorLabels(serverId) },
    // Else pods of the version that goes count too, and the new ones end up side by side.
    matchLabelKeys: ['pod-template-hash'],
  });
}

function container(input: OverlayInput): IContainer {
  const { requests, limits } = input.config.resources;
  return {
    name: CONTAINER_NAME,
    image: input.image,
    ports: [
      { name: 'http', containerPort: CONTAINER_PORT },
      ...(hasMetricsPort(input) ? [{ name: 'metrics', containerPort: METRICS_PORT }] : []),
    ],
    env: [...wrapperVariables(input), ...serverVariables(input)],
    resources: {
      requests: { memory: requests.memory, cpu: requests.cpu },
      limits: { memory: limits.memory, cpu: limits.cpu },
    },
    startupProbe: { ...probe('/ready'), periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...probe('/health'), initialDelaySeconds: 10, periodSeconds: 30 },
    readinessProbe: { ...probe('/ready'), initialDelaySeconds: 5, periodSeconds: 10 },
    lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(isPrivate(input) ? [{ name: ACCESS_VOLUME, mountPath: ACCESS_PATH, readOnly: true }] : []),
    ],
  };
}

/**
 * Whether the pod's metrics have a port that no route leads to: for Prometheus, whether for dashboards or to decide on
 * replicas; and for every public server, whose main port asks nobody for a key and would show them to the internet.
 */
function hasMetricsPort(input: OverlayInput): boolean {
  return input.policy?.monitoring === true || isScaledByRequests(input) || !isPrivate(input);
}

function probe(path: string): IProbe {
  return { httpGet: { path, port: CONTAINER_PORT }, timeoutSeconds: 5 };
}

/** The variables that have their values in git: settings of the wrapper. All others come from the server's Secret. */
export const WRAPPER_VARIABLES = [
  'MCP_SERVER_ID',
  'MCP_WRAPPER_ALLOWED_HOSTS',
  'MCP_WRAPPER_CHILD_ENV',
  'MCP_WRAPPER_KEYS_FILE',
  'MCP_WRAPPER_SESSIONS',
  'MCP_WRAPPER_METRICS_PORT',
  'MCP_WRAPPER_STREAM_AGE_MS_MAX',
  'MCP_WRAPPER_RATE_LIMIT_PER_MINUTE',
] as const;

type WrapperVariable = (typeof WRAPPER_VARIABLES)[number];

function wrapperVariables(input: OverlayInput): IEnvVar[] {
  const variables: { name: WrapperVariable; value: string }[] = [
    { name: 'MCP_SERVER_ID', value: input.serverId },
    { name: 'MCP_WRAPPER_ALLOWED_HOSTS', value: hostsOf(input).join(',') },
    // The container is the server's alone: what its image and `env` set is meant for it. The wrapper keeps its own.
    { name: 'MCP_WRAPPER_CHILD_ENV', value: '*' },
  ];
  if (isPrivate(input)) variables.push({ name: 'MCP_WRAPPER_KEYS_FILE', value: KEYS_FILE_PATH });
  if (input.config.sessions === 'isolated') variables.push({ name: 'MCP_WRAPPER_SESSIONS', value: 'isolated' });
  // On the main port /metrics asks for the keys that there are: Prometheus has none, and of a public server there are none.
  if (hasMetricsPort(input)) variables.push({ name: 'MCP_WRAPPER_METRICS_PORT', value: String(METRICS_PORT) });
  if (planScaling(input).kind === 'to-zero') {
    variables.push({ name: 'MCP_WRAPPER_STREAM_AGE_MS_MAX', value: String(STREAM_AGE_MS_MAX) });
  }
  if (input.config.rateLimit) {
    const value = String(input.config.rateLimit.requestsPerMinute);
    variables.push({ name: 'MCP_WRAPPER_RATE_LIMIT_PER_MINUTE', value });
  }
  return variables;
}

/** Whatever is not said to be public asks for a key. */
function isPrivate({ config }: OverlayInput): boolean {
  return config.access !== 'public';
}

const ACCESS_VOLUME = 'access';
export const ACCESS_PATH = '/etc/mcp-access';
/** Key of the Secret and name of its file. */
const ACCESS_KEYS_FILE = 'keys';
export const KEYS_FILE_PATH = `${ACCESS_PATH}/${ACCESS_KEYS_FILE}`;
/** By the pod's own group alone, which `fsGroup` gives the files to. */
const ACCESS_FILE_MODE = 0o440;

/**
 * The hashes of the access keys, as a folder: a single file (`subPath`) would never be renewed. The pod starts without
 * the Secret too, with its door shut.
 */
function accessVolume({ serverId }: OverlayInput): NonNullable<IPodSpec['volumes']>[number] {
  return {
    name: ACCESS_VOLUME,
    secret: {
      secretName: `${serverObjectName(serverId)}-access`,
      items: [{ key: ACCESS_KEYS_FILE, path: ACCESS_KEYS_FILE }],
      defaultMode: ACCESS_FILE_MODE,
      optional: true,
    },
  };
}

/** Sorted, so that the order in `.mcp-hosting.yml` makes no difference. A variable without a value keeps the pod from starting. */
function serverVariables(input: OverlayInput): IEnvVar[] {
  const secretName = `${serverObjectName(input.serverId)}-env`;
  return [...new Set(input.config.env)].sort().map((name) => fromSecret(name, secretName, name));
}

function fromSecret(name: string, secretName: string, key: string): IEnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}
