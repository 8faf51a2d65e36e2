/** A pod as the standard looks at it; absent fields are undefined. */
export interface PodSpec {
  securityContext?: SecurityContext;
  containers: Container[];
  initContainers?: Container[];
  volumes?: Record<string, unknown>[];
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
}

interface Container {
  securityContext?: SecurityContext;
  ports?: { hostPort?: number }[];
  [handler: string]: unknown;
}

interface SecurityContext {
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  capabilities?: { add?: string[]; drop?: string[] };
  seccompProfile?: { type?: string };
  appArmorProfile?: { type?: string };
  seLinuxOptions?: { type?: string; user?: string; role?: string };
  procMount?: string;
  sysctls?: { name: string }[];
  windowsOptions?: { hostProcess?: boolean };
}

type Check = (pod: PodSpec, containers: Container[], contexts: SecurityContext[]) => boolean;

const VOLUME_KINDS = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const SELINUX_TYPES = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
];

/**
 * The controls of the Pod Security Standards for Linux pods, profile `restricted`, which includes `baseline`
 * (kubernetes.io/docs/concepts/security/pod-security-standards). `contexts` are the pod's and the containers'.
 */
export const RESTRICTED_CHECKS: Record<string, Check> = {
  'baseline: no HostProcess': (_, __, contexts) => contexts.every((context) => !context.windowsOptions?.hostProcess),
  'baseline: no host namespaces': (pod) => !pod.hostNetwork && !pod.hostPID && !pod.hostIPC,
  'baseline: no privileged containers': (_, __, contexts) => contexts.every((context) => !context.privileged),
  'baseline: no hostPath volumes': (pod) => (pod.volumes ?? []).every((volume) => !('hostPath' in volume)),
  'baseline: no host ports': (_, containers) =>
    containers.every(({ ports }) => (ports ?? []).every(({ hostPort }) => !hostPort)),
  'baseline: no host in probes and hooks': (_, containers) => !/"host":/.test(JSON.stringify(containers)),
  'baseline: AppArmor not turned off': (_, __, contexts) =>
    contexts.every(({ appArmorProfile }) => appArmorProfile?.type !== 'Unconfined'),
  'baseline: SELinux of a container type': (_, __, contexts) =>
    contexts.every(
      ({ seLinuxOptions: options }) => SELINUX_TYPES.includes(options?.type) && !options?.user && !options?.role,
    ),
  'baseline: default /proc mount': (_, __, contexts) =>
    contexts.every(({ procMount }) => procMount === undefined || procMount === 'Default'),
  'baseline: safe sysctls': (pod) =>
    (pod.securityContext?.sysctls ?? []).every(({ name }) => SAFE_SYSCTLS.includes(name)),
  'restricted: volume types': (pod) =>
    (pod.volumes ?? []).every((volume) =>
      Object.keys(volume).every((key) => key === 'name' || VOLUME_KINDS.includes(key)),
    ),
  'restricted: no privilege escalation': (_, containers) =>
    containers.every(({ securityContext }) => securityContext?.allowPrivilegeEscalation === false),
  'restricted: runs as non-root': (pod, containers) =>
    containers.every(
      ({ securityContext }) => (securityContext?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) === true,
    ),
  'restricted: user is not 0': (_, __, contexts) => contexts.every(({ runAsUser }) => runAsUser !== 0),
  'restricted: seccomp profile': (pod, containers) =>
    containers.every(({ securityContext }) =>
      ['RuntimeDefault', 'Localhost'].includes(
        (securityContext?.seccompProfile ?? pod.securityContext?.seccompProfile)?.type ?? '',
      ),
    ),
  'restricted: all capabilities dropped': (_, containers) =>
    containers.every(({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') ?? false),
  'restricted: NET_BIND_SERVICE at most added': (_, containers) =>
    containers.every(({ securityContext }) =>
      (securityContext?.capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
    ),
};

/** Names of the controls that the pod violates. */
export function restrictedViolations(pod: PodSpec): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  const contexts = [pod, ...containers].map(({ securityContext }) => securityContext ?? {});
  return Object.entries(RESTRICTED_CHECKS)
    .filter(([, holds]) => !holds(pod, containers, contexts))
    .map(([name]) => name);
}
