import type { ObjectStore } from '../store/object-store.ts';
import { readContainerEnvironment } from './container-environment.ts';
import type { ContainerRuntime, CreatedContainer } from './container-runtime.ts';
import type { Container, Pod } from './pod.ts';

export type PreparedRun =
  | { kind: 'ready'; created: CreatedContainer; imageId: string }
  | {
      kind: 'waiting';
      reason: 'ErrImagePull' | 'CreateContainerConfigError' | 'CreateContainerError';
      message: string;
    };

/** Everything a container needs before it can start, or why it has to wait. */
export async function prepareRun(options: {
  store: ObjectStore;
  runtime: ContainerRuntime;
  pod: Pod;
  container: Container;
  podDir: string;
  /** Aborted when the pod is no longer wanted. */
  signal: AbortSignal;
}): Promise<PreparedRun> {
  const { store, runtime, pod, container, podDir, signal } = options;
  const pulled = await runtime.pull(container.image, signal);
  if (pulled.kind === 'failed') return { kind: 'waiting', reason: 'ErrImagePull', message: pulled.message };
  const environment = readContainerEnvironment(store, pod, container);
  if (environment.kind === 'incomplete') {
    return { kind: 'waiting', reason: 'CreateContainerConfigError', message: environment.message };
  }
  try {
    const created = await pulled.image.create({ pod, container, environment, podDir });
    return { kind: 'ready', created, imageId: pulled.image.imageId };
  } catch (error) {
    return { kind: 'waiting', reason: 'CreateContainerError', message: (error as Error).message };
  }
}
