/** A pod as the standard looks at it; absent fields are undefined. */
export interface PodSpec {
  securityContext?: SecurityContext;
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: Container[];
  volumes?: Record<string, unknown>[];
  topologySpreadConstraints?: { topologyKey: string }[];
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

/** A pod, all its containers, and the security contexts of both. */
interface Checked {
  pod: PodSpec;
  containers: Container[];
  contexts: SecurityContext[];
}

/**
 * The controls of the Pod Security Standards for Linux pods, profile `restricted`, which includes `baseline`
 * (kubernetes.io/docs/concepts/security/pod-security-standards), one function each. The names are those of the checks in
 * kubernetes/pod-security-admission, `policy/check_*.go`; where `restricted` asks for more than `baseline`, both are here.
 */
export const RESTRICTED_CHECKS: Record<string, (checked: Checked) => boolean> = {
  windowsHostProcess,
  hostNamespaces,
  privileged,
  capabilities_baseline: capabilitiesBaseline,
  hostPathVolumes,
  hostPorts,
  hostProbesAndHostLifecycle,
  appArmorProfile,
  seLinuxOptions,
  procMount,
  seccompProfile_baseline: seccompProfileBaseline,
  sysctls,
  restrictedVolumes,
  allowPrivilegeEscalation,
  runAsNonRoot,
  runAsUser,
  seccompProfile_restricted: seccompProfileRestricted,
  capabilities_restricted_drop: capabilitiesDropped,
  capabilities_restricted_add: capabilitiesAdded,
};

/** Names of the controls that the pod violates. */
export function restrictedViolations(pod: PodSpec): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? []), ...(pod.ephemeralContainers ?? [])];
  const contexts = [pod, ...containers].map(({ securityContext }) => securityContext ?? {});
  return Object.entries(RESTRICTED_CHECKS)
    .filter(([, holds]) => !holds({ pod, containers, contexts }))
    .map(([name]) => name);
}

/** Baseline, HostProcess: `windowsOptions.hostProcess` undefined or false. */
function windowsHostProcess({ contexts }: Checked): boolean {
  return contexts.every((context) => !context.windowsOptions?.hostProcess);
}

/** Baseline, Host Namespaces: hostNetwork, hostPID and hostIPC undefined or false. */
function hostNamespaces({ pod }: Checked): boolean {
  return !pod.hostNetwork && !pod.hostPID && !pod.hostIPC;
}

/** Baseline, Privileged Containers. */
function privileged({ contexts }: Checked): boolean {
  return contexts.every((context) => !context.privileged);
}

const BASELINE_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

/** Baseline, Capabilities: none added beyond the list. */
function capabilitiesBaseline({ containers }: Checked): boolean {
  return containers.every(({ securityContext }) =>
    (securityContext?.capabilities?.add ?? []).every((name) => BASELINE_CAPABILITIES.includes(name)),
  );
}

/** Baseline, HostPath Volumes. */
function hostPathVolumes({ pod }: Checked): boolean {
  return (pod.volumes ?? []).every((volume) => !('hostPath' in volume));
}

/** Baseline, Host Ports: undefined or 0. */
function hostPorts({ containers }: Checked): boolean {
  return containers.every(({ ports }) => (ports ?? []).every(({ hostPort }) => !hostPort));
}

/** Baseline, Host Probes and Lifecycle Hooks: no `host` in any of their actions (from v1.34). */
function hostProbesAndHostLifecycle({ containers }: Checked): boolean {
  const handlers = containers.map(({ livenessProbe, readinessProbe, startupProbe, lifecycle }) => [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle,
  ]);
  return !/"host":"[^"]/.test(JSON.stringify(handlers));
}

/** Baseline, AppArmor: not `Unconfined`. */
function appArmorProfile({ contexts }: Checked): boolean {
  return contexts.every((context) => context.appArmorProfile?.type !== 'Unconfined');
}

const SELINUX_TYPES = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];

/** Baseline, SELinux: a container type, and neither user nor role. */
function seLinuxOptions({ contexts }: Checked): boolean {
  return contexts.every(
    ({ seLinuxOptions: options }) => SELINUX_TYPES.includes(options?.type) && !options?.user && !options?.role,
  );
}

/** Baseline, /proc Mount Type: the default. */
function procMount({ contexts }: Checked): boolean {
  return contexts.every((context) => context.procMount === undefined || context.procMount === 'Default');
}

/** Baseline, Seccomp: not `Unconfined`. */
function seccompProfileBaseline({ contexts }: Checked): boolean {
  return contexts.every((context) => context.seccompProfile?.type !== 'Unconfined');
}

const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];

/** Baseline, Sysctls: safe ones alone. */
function sysctls({ pod }: Checked): boolean {
  return (pod.securityContext?.sysctls ?? []).every(({ name }) => SAFE_SYSCTLS.includes(name));
}

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

/** Restricted, Volume Types: those of the list. */
function restrictedVolumes({ pod }: Checked): boolean {
  return (pod.volumes ?? []).every((volume) =>
    Object.keys(volume).every((key) => key === 'name' || VOLUME_KINDS.includes(key)),
  );
}

/** Restricted, Privilege Escalation: false in every container. */
function allowPrivilegeEscalation({ containers }: Checked): boolean {
  return containers.every(({ securityContext }) => securityContext?.allowPrivilegeEscalation === false);
}

/** Restricted, Running as Non-root: true in the pod or in every container, false in none. */
function runAsNonRoot({ pod, containers }: Checked): boolean {
  return containers.every(
    ({ securityContext }) => (securityContext?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) === true,
  );
}

/** Restricted, Running as Non-root user: `runAsUser` is not 0. */
function runAsUser({ contexts }: Checked): boolean {
  return contexts.every((context) => context.runAsUser !== 0);
}

/** Restricted, Seccomp: `RuntimeDefault` or `Localhost`, set in the pod or in every container. */
function seccompProfileRestricted({ pod, containers }: Checked): boolean {
  return containers.every(({ securityContext }) =>
    ['RuntimeDefault', 'Localhost'].includes(
      (securityContext?.seccompProfile ?? pod.securityContext?.seccompProfile)?.type ?? '',
    ),
  );
}

/** Restricted, Capabilities: every container drops ALL. */
function capabilitiesDropped({ containers }: Checked): boolean {
  return containers.every(({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') ?? false);
}

/** Restricted, Capabilities: NET_BIND_SERVICE at most is added. */
function capabilitiesAdded({ containers }: Checked): boolean {
  return containers.every(({ securityContext }) =>
    (securityContext?.capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
  );
}
