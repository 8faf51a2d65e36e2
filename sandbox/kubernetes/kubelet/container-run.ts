import type { ObjectStore } from '../store/object-store.ts';
import { readContainerEnvironment } from './container-environment.ts';
import type { ContainerRuntime, CreatedContainer } from './container-runtime.ts';
import type { Container, Pod } from './pod.ts';
import type { SecretVolumes } from './secret-volumes.ts';

export type PreparedRun =
  | { kind: 'ready'; created: CreatedContainer; imageId: string }
  | {
      kind: 'waiting';
      reason: 'ContainerCreating' | 'ErrImagePull' | 'CreateContainerConfigError' | 'CreateContainerError';
      message: string;
    };

/** Everything a container needs before it can start, or why it has to wait. */
export async function prepareRun(options: {
  store: ObjectStore;
  runtime: ContainerRuntime;
  pod: Pod;
  container: Container;
  volumes: SecretVolumes;
  podDir: string;
  /** Aborted when the pod is no longer wanted. */
  signal: AbortSignal;
}): Promise<PreparedRun> {
  const { store, runtime, pod, container, volumes, podDir, signal } = options;
  const unmounted = volumes.problem();
  if (unmounted !== undefined) return { kind: 'waiting', reason: 'ContainerCreating', message: unmounted };
  const pulled = await runtime.pull(container.image, signal);
  if (pulled.kind === 'failed') return { kind: 'waiting', reason: 'ErrImagePull', message: pulled.message };
  const environment = readContainerEnvironment(store, pod, container);
  if (environment.kind === 'incomplete') {
    return { kind: 'waiting', reason: 'CreateContainerConfigError', message: environment.message };
  }
  try {
    const created = await pulled.image.create({
      pod,
      container,
      environment,
      mounts: volumes.mountsOf(container),
      podDir,
    });
    return { kind: 'ready', created, imageId: pulled.image.imageId };
  } catch (error) {
    return { kind: 'waiting', reason: 'CreateContainerError', message: (error as Error).message };
  }
}
