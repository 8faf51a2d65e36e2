import type { KubeObject } from '../store/kube-object.ts';

/** The part of a pod template's spec that the sandbox's kubelet acts on. The rest is kept and ignored. */
export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  terminationGracePeriodSeconds?: number;
  volumes?: { name: string; secret?: SecretVolume; [source: string]: unknown }[];
  [field: string]: unknown;
}

/** A Secret as files. */
export interface SecretVolume {
  secretName: string;
  /** Absent: all keys, each under its own name. */
  items?: { key: string; path: string }[];
  optional?: boolean;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvironmentEntry[];
  envFrom?: EnvironmentSource[];
  ports?: { containerPort: number; name?: string }[];
  volumeMounts?: { name: string; mountPath: string }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop?: PreStop };
  [field: string]: unknown;
}

export interface EnvironmentEntry {
  name: string;
  value?: string;
  valueFrom?: {
    secretKeyRef?: KeyReference;
    configMapKeyRef?: KeyReference;
    fieldRef?: { fieldPath: string };
  };
}

interface EnvironmentSource {
  prefix?: string;
  secretRef?: { name: string; optional?: boolean };
  configMapRef?: { name: string; optional?: boolean };
}

interface KeyReference {
  name: string;
  key: string;
  optional?: boolean;
}

export interface Probe {
  httpGet?: { path?: string; port: number | string; httpHeaders?: { name: string; value: string }[] };
  tcpSocket?: { port: number | string };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
  successThreshold?: number;
}

export interface PreStop {
  sleep?: { seconds: number };
  httpGet?: { path?: string; port: number | string };
  exec?: { command: string[] };
}

export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: {
    exitCode: number;
    signal?: number;
    reason: string;
    message?: string;
    startedAt: string;
    finishedAt: string;
  };
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
}

export interface PodStatus {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  conditions: { type: string; status: 'True' | 'False'; reason?: string; lastTransitionTime: string }[];
  containerStatuses: ContainerStatus[];
  hostIP: string;
  podIP?: string;
  startTime: string;
  qosClass: string;
}

export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}

/**
 * Where a container's port really listens: pods of one machine share its loopback address, so each gets a free port
 * instead. The annotation's value is `{"<container>": <port>}`.
 */
export const portsAnnotation = 'sandbox.mcp-hosting/ports';

export function isPodReady(pod: Pod): boolean {
  const ready = pod.status?.conditions.find((condition) => condition.type === 'Ready');
  return ready?.status === 'True' && pod.metadata.deletionTimestamp === undefined;
}

/** @returns the port on 127.0.0.1 behind a container port or its name, undefined before the container has one */
export function listeningPort(pod: Pod, wanted: number | string): number | undefined {
  const ports = parsePorts(pod.metadata.annotations?.[portsAnnotation]);
  const container =
    pod.spec.containers.find(({ ports: declared = [] }) =>
      declared.some((port) => port.name === wanted || port.containerPort === wanted),
    ) ?? pod.spec.containers[0];
  return container === undefined ? undefined : ports[container.name];
}

function parsePorts(text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  try {
    return JSON.parse(text) ?? {};
  } catch {
    // Somebody edited the annotation; the next start of the container writes it anew.
    return {};
  }
}
