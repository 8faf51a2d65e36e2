import type { YamlPath } from '../locate-in-yaml.ts';
import { KEYS_FILE_PATH, WRAPPER_VARIABLES } from '../manifests/deployment.ts';
import { type PodSpec, restrictedViolations } from '../pod-security.ts';
import { parseCpuMillis, parseMemoryBytes } from '../resource-quantities.ts';
import { describeValue } from '../schema-problems.ts';
import { imageRefusal } from './check-image.ts';
import { checkPlacement, type PlacedPod } from './check-placement.ts';
import { type Finding, finding } from './finding.ts';
import { isOwnSecret, type OverlayRules } from './overlay-rules.ts';

/** A pod as Kubernetes' own schema has it, which was checked before. */
export interface CheckedPod extends PodSpec, PlacedPod {
  terminationGracePeriodSeconds?: number;
  automountServiceAccountToken?: boolean;
  runtimeClassName?: string;
  hostUsers?: boolean;
  enableServiceLinks?: boolean;
}

interface CheckedContainer {
  name: string;
  image?: string;
  resources?: { requests?: Quantities; limits?: Quantities };
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name?: string } } }[];
  securityContext?: { readOnlyRootFilesystem?: boolean };
}

type Quantities = Record<string, unknown>;

/** @param at where the pod stands in its manifest: `spec.template.spec` */
export function checkPod(pod: CheckedPod, at: YamlPath, rules: OverlayRules): Finding[] {
  return [
    ...checkPodSecurity(pod, at),
    ...checkIdentity(pod, at, rules),
    ...checkPlacement(pod, at, rules),
    ...checkGrace(pod, at),
    ...pod.containers.slice(1).map((_, index) => {
      const path = [...at, 'containers', index + 1];
      return finding(path, "it is a second container beside the server's", 'one, which runs the wrapper');
    }),
    ...volumesOf(pod).flatMap(({ volume, path }) => checkVolume(volume, [...at, ...path], rules)),
    ...containersOf(pod).flatMap(({ container, path }) => checkContainer(container, [...at, ...path], rules)),
  ];
}

/** The published checks of the Pod Security Standard `restricted`, which the namespace enforces: by name, what it wants. */
const SECURITY_WISHES: Readonly<Record<string, string>> = {
  windowsHostProcess: 'no windowsOptions.hostProcess',
  hostNamespaces: 'no hostNetwork, hostPID or hostIPC',
  privileged: 'no privileged: true',
  capabilities_baseline: 'no capabilities added',
  hostPathVolumes: 'no volume of the kind hostPath',
  hostPorts: 'no hostPort',
  hostProbesAndHostLifecycle: 'no host in probes and lifecycle hooks',
  appArmorProfile: 'an AppArmor profile other than Unconfined',
  seLinuxOptions: 'SELinux options without user and role, and a type for containers',
  procMount: 'procMount: Default',
  seccompProfile_baseline: 'a seccomp profile other than Unconfined',
  sysctls: 'safe sysctls alone',
  restrictedVolumes: 'volumes of the kinds emptyDir and secret',
  allowPrivilegeEscalation: 'allowPrivilegeEscalation: false in every container',
  runAsNonRoot: 'runAsNonRoot: true',
  runAsUser: 'a runAsUser other than 0',
  seccompProfile_restricted: 'seccompProfile.type: RuntimeDefault',
  capabilities_restricted_drop: 'capabilities.drop: [ALL] in every container',
  capabilities_restricted_add: 'no capabilities added',
};

/** hostPath violates two controls: the one that names it says enough. */
const IMPLIED: Readonly<Record<string, string>> = {
  restrictedVolumes: 'hostPathVolumes',
  capabilities_baseline: 'capabilities_restricted_add',
  seccompProfile_baseline: 'seccompProfile_restricted',
};

function checkPodSecurity(pod: CheckedPod, at: YamlPath): Finding[] {
  const violated = restrictedViolations(pod);
  return violated
    .filter((name) => !violated.includes(IMPLIED[name] ?? ''))
    .map((name) =>
      finding(
        [...at, ...placeOf(name, pod)],
        `it does not hold to the Pod Security Standard "restricted" (${name})`,
        SECURITY_WISHES[name] ?? 'a restricted pod',
      ),
    );
}

/** The first container or volume that violates a control on its own; else the pod. */
function placeOf(name: string, pod: CheckedPod): YamlPath {
  const { initContainers: _, volumes: _volumes, ...rest } = pod;
  const violates = (part: Partial<CheckedPod>) => restrictedViolations({ ...rest, ...part }).includes(name);
  if (violates({ containers: [] })) return [];
  const container = containersOf(pod).find((one) => violates({ containers: [one.container as never] }));
  const volume = volumesOf(pod).find((one) => violates({ containers: [], volumes: [one.volume] }));
  return container?.path ?? volume?.path ?? [];
}

function containersOf(pod: CheckedPod): { container: CheckedContainer; path: YamlPath }[] {
  return (['initContainers', 'containers'] as const).flatMap((field) =>
    (pod[field] ?? []).map((container, index) => ({
      container: container as unknown as CheckedContainer,
      path: [field, index],
    })),
  );
}

function volumesOf(pod: CheckedPod): { volume: Record<string, unknown>; path: YamlPath }[] {
  return (pod.volumes ?? []).map((volume, index) => ({ volume, path: ['volumes', index] }));
}

/** What the pod is to the cluster: no account of its own, and the isolation that the policy asks for. */
function checkIdentity(pod: CheckedPod, at: YamlPath, { policy }: OverlayRules): Finding[] {
  const wanted: [keyof CheckedPod, unknown][] = [
    ['automountServiceAccountToken', false],
    ['enableServiceLinks', false],
    ['runtimeClassName', policy.runtimeClass],
    ['hostUsers', policy.hostUsers === false ? false : pod.hostUsers],
  ];
  return wanted
    .filter(([field, value]) => pod[field] !== value)
    .map(([field, value]) =>
      finding(
        [...at, field],
        pod[field] === undefined ? 'it is missing' : describeValue(pod[field]),
        value === undefined ? 'none, since the policy names none' : `${String(value)}`,
      ),
    );
}

/** Ours have 45; a pod that is told to go must go within a rollout's time. */
const GRACE_SECONDS_MAX = 600;

function checkGrace({ terminationGracePeriodSeconds: seconds = 0 }: CheckedPod, at: YamlPath): Finding[] {
  if (seconds <= GRACE_SECONDS_MAX) return [];
  const path = [...at, 'terminationGracePeriodSeconds'];
  return [finding(path, describeValue(seconds), `${GRACE_SECONDS_MAX} at most`)];
}

/** Of a node's disk or memory; no quota counts it. Ours have 64 MiB. */
const VOLUME_BYTES_MAX = 2 ** 30;

function isModest(size: unknown): boolean {
  return (parseMemoryBytes(String(size)) ?? Number.POSITIVE_INFINITY) <= VOLUME_BYTES_MAX;
}

function checkVolume(volume: Record<string, unknown>, at: YamlPath, rules: OverlayRules): Finding[] {
  const { emptyDir, secret } = volume as { emptyDir?: { sizeLimit?: unknown }; secret?: { secretName?: string } };
  if (emptyDir && emptyDir.sizeLimit === undefined) {
    return [finding([...at, 'emptyDir'], 'it has no sizeLimit', 'one, such as 64Mi')];
  }
  if (emptyDir && !isModest(emptyDir.sizeLimit)) {
    return [finding([...at, 'emptyDir', 'sizeLimit'], describeValue(emptyDir.sizeLimit), '1Gi at most')];
  }
  return secret ? checkSecretName(secret.secretName, 'access', [...at, 'secret', 'secretName'], rules) : [];
}

function checkContainer(container: CheckedContainer, at: YamlPath, rules: OverlayRules): Finding[] {
  const refusal = imageRefusal(container.image, rules);
  return [
    ...(refusal ? [finding([...at, 'image'], refusal.state, refusal.expected)] : []),
    ...checkResources(container, at, rules),
    ...(container.securityContext?.readOnlyRootFilesystem === undefined
      ? [finding([...at, 'securityContext', 'readOnlyRootFilesystem'], 'it is missing', 'true')]
      : []),
    ...(container.env ?? []).flatMap((variable, index) => checkVariable(variable, [...at, 'env', index], rules)),
    ...repeatedVariables(container, at),
  ];
}

/** Of two variables of one name the second counts: the first would be for the eyes of reviewers. */
function repeatedVariables({ env = [] }: CheckedContainer, at: YamlPath): Finding[] {
  return env.flatMap(({ name }, index) =>
    env.findIndex((other) => other.name === name) === index
      ? []
      : [finding([...at, 'env', index, 'name'], 'a variable of this name stands above', 'each once')],
  );
}

/** Names of variables whose values are secrets nearly always. */
const SECRET_NAME = /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;

/** Git holds the values of the wrapper's settings alone: another variable's could be a secret, or steer the wrapper. */
function checkVariable(
  { name, value, valueFrom }: NonNullable<CheckedContainer['env']>[number],
  at: YamlPath,
  rules: OverlayRules,
): Finding[] {
  const isSetting = WRAPPER_VARIABLES.some((variable) => variable === name);
  const reference = valueFrom?.secretKeyRef;
  if (isSetting) {
    const [wanted] = name === 'MCP_SERVER_ID' ? [rules.serverId] : name === KEYS_VARIABLE ? [KEYS_FILE_PATH] : [value];
    return !reference && value !== undefined && value === wanted
      ? []
      : [finding([...at, 'value'], describeValue(value), wanted === undefined ? 'a value' : `"${wanted}"`)];
  }
  if (name.startsWith('MCP_WRAPPER_')) {
    return [
      finding([...at, 'name'], 'no configuration of a server gives it', `one of ${WRAPPER_VARIABLES.join(', ')}`),
    ];
  }
  if (value !== undefined && SECRET_NAME.test(name)) {
    const cure = 'valueFrom.secretKeyRef; if this value is secret, replace it, since it stands in git now';
    return [finding([...at, 'value'], 'a variable of this name has its value in git', cure)];
  }
  if (!reference) {
    const cure = "its name under env in .mcp-hosting.yml, which brings its value from the server's Secret";
    return [finding([...at, 'value'], 'the variable has its value in git', cure)];
  }
  return checkSecretName(reference.name, 'env', [...at, 'valueFrom', 'secretKeyRef', 'name'], rules);
}

const KEYS_VARIABLE: (typeof WRAPPER_VARIABLES)[number] = 'MCP_WRAPPER_KEYS_FILE';

function checkSecretName(name: unknown, suffix: 'access' | 'env', at: YamlPath, rules: OverlayRules): Finding[] {
  if (isOwnSecret(name, [suffix], rules)) return [];
  return [finding(at, 'it is a Secret of others', `"mcp-${rules.serverId}-${suffix}"`)];
}

function checkResources({ resources }: CheckedContainer, at: YamlPath, { bounds }: OverlayRules): Finding[] {
  const amounts = [
    { name: 'cpu', parse: parseCpuMillis, max: bounds.cpuMillis, text: `${bounds.cpuMillis}m` },
    { name: 'memory', parse: parseMemoryBytes, max: bounds.memoryBytes, text: mebibytes(bounds.memoryBytes) },
  ];
  const others = SIDES.flatMap((side) =>
    Object.entries(resources?.[side] ?? {})
      .filter(
        ([name, amount]) => !['cpu', 'memory'].includes(name) && !(name === 'ephemeral-storage' && isModest(amount)),
      )
      .map(([name]) =>
        finding(
          [...at, 'resources', side, name],
          'no quota counts it',
          'cpu, memory, and up to 1Gi of ephemeral-storage',
        ),
      ),
  );
  const counted = amounts.flatMap(({ name, parse, max, text }) =>
    SIDES.flatMap((side) => {
      const written = resources?.[side]?.[name];
      const path = [...at, 'resources', side, name];
      if (written === undefined) return [finding(path, 'it is missing', `a quantity up to ${text}`)];
      const amount = parse(String(written));
      if (amount !== undefined && amount <= max) return [];
      return [finding(path, describeValue(written), `a quantity up to ${text}, the most that one container may have`)];
    }),
  );
  return [...counted, ...others];
}

const SIDES = ['requests', 'limits'] as const;

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)}Mi`;
}
