import { resolve } from 'node:path';
import { parseCpuMillis, parseMemoryBytes } from '../../src/domain/resource-quantities.ts';
import type { ContainerRequest } from '../kubernetes/kubelet/container-runtime.ts';
import type { Mount } from '../kubernetes/kubelet/secret-volumes.ts';
import type { EngineContainerSettings } from './engine-container.ts';

/** The fields of a pod and its containers that Docker can carry out besides those that every kubelet here reads. */
interface SecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  readOnlyRootFilesystem?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { drop?: string[]; add?: string[] };
}
interface ContainerFields {
  securityContext?: SecurityContext;
  resources?: { limits?: { memory?: string; cpu?: string } };
  workingDir?: string;
}
interface Volume {
  name: string;
  emptyDir?: { sizeLimit?: string };
}

/** Port of a container that declares none: the wrapper's. */
const DEFAULT_PORT = 3000;
/** A host name is a DNS label. */
const HOST_NAME_CHARACTERS_MAX = 63;

/** The port on which the manifest says that the container listens. */
export function containerPortOf({ container }: ContainerRequest): number {
  return container.ports?.[0]?.containerPort ?? DEFAULT_PORT;
}

/**
 * A container of a manifest as the engine takes it. What Docker cannot do is left out: network policies, `fsGroup`, and
 * what containers of one pod share. Its default seccomp profile is Kubernetes' `RuntimeDefault`.
 *
 * @param imageUser `USER` of the image; empty: root
 * @throws Error in the kubelet's words where the manifest cannot be carried out
 */
export function containerSettings(
  request: ContainerRequest,
  image: { reference: string; user: string },
): EngineContainerSettings {
  const { pod, container, environment } = request;
  const { workingDir, resources } = container as ContainerFields;
  const security = {
    ...(pod.spec.securityContext as SecurityContext),
    ...(container as ContainerFields).securityContext,
  };
  assertNotRoot(security, image.user);
  return {
    Image: image.reference,
    Hostname: pod.metadata.name.slice(0, HOST_NAME_CHARACTERS_MAX),
    Env: Object.entries({ ...environment.literal, ...environment.referenced }).map(
      ([name, value]) => `${name}=${value}`,
    ),
    // Kubernetes does not know it, and its probes take its place.
    Healthcheck: { Test: ['NONE'] },
    ...(container.command ? { Entrypoint: container.command } : {}),
    ...(container.args ? { Cmd: container.args } : {}),
    ...(workingDir ? { WorkingDir: workingDir } : {}),
    ...userOf(security),
    HostConfig: {
      ReadonlyRootfs: security.readOnlyRootFilesystem === true,
      Tmpfs: tmpfsOf(request),
      ...(request.mounts.length > 0 ? { Mounts: request.mounts.map(bindMount) } : {}),
      CapDrop: security.capabilities?.drop ?? [],
      CapAdd: security.capabilities?.add ?? [],
      SecurityOpt: security.allowPrivilegeEscalation === false ? ['no-new-privileges:true'] : [],
      ...limitsOf(resources?.limits ?? {}),
    },
  };
}

/** The kubelet's own check of `runAsNonRoot`. */
function assertNotRoot({ runAsNonRoot, runAsUser }: SecurityContext, imageUser: string): void {
  if (runAsNonRoot !== true) return;
  if (runAsUser === 0) throw new Error("container's runAsUser breaks non-root policy");
  if (runAsUser !== undefined) return;
  const [user = ''] = imageUser.split(':');
  if (user === '' || user === 'root' || user === '0') {
    throw new Error('container has runAsNonRoot and image will run as root');
  }
  if (!/^\d+$/.test(user)) {
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`,
    );
  }
}

function userOf({ runAsUser, runAsGroup }: SecurityContext): { User?: string } {
  if (runAsUser === undefined) return {};
  return { User: runAsGroup === undefined ? String(runAsUser) : `${runAsUser}:${runAsGroup}` };
}

function bindMount({ mountPath, sourceDir }: Mount): object {
  return { Type: 'bind', Source: resolve(sourceDir), Target: mountPath, ReadOnly: true };
}

/** An `emptyDir` of a pod with one container is a file system in memory that ends with it. */
function tmpfsOf({ pod, container, mounts }: ContainerRequest): Record<string, string> {
  const volumes = (pod.spec.volumes ?? []) as Volume[];
  const rest = (container.volumeMounts ?? []).filter(({ mountPath }) =>
    mounts.every((mount) => mount.mountPath !== mountPath),
  );
  return Object.fromEntries(
    rest.map(({ name, mountPath }) => {
      const volume = volumes.find((each) => each.name === name);
      if (volume?.emptyDir === undefined)
        throw new Error(`volume "${name}" is no emptyDir and no Secret, which is all the sandbox mounts`);
      const bytes = parseMemoryBytes(volume.emptyDir.sizeLimit ?? '');
      // Docker's own default is noexec, Kubernetes' is not.
      return [mountPath, `rw,exec,mode=1777${bytes === undefined ? '' : `,size=${Math.floor(bytes)}`}`];
    }),
  );
}

function limitsOf({ memory, cpu }: { memory?: string; cpu?: string }): Record<string, number> {
  const bytes = parseMemoryBytes(String(memory ?? ''));
  const millis = parseCpuMillis(String(cpu ?? ''));
  return {
    // Swap is no way around the limit.
    ...(bytes === undefined ? {} : { Memory: Math.floor(bytes), MemorySwap: Math.floor(bytes) }),
    ...(millis === undefined ? {} : { NanoCpus: millis * 1_000_000 }),
  };
}
