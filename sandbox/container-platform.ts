import { join } from 'node:path';
import { createImageBuilder, type ImageBuilder } from './images/build-image.ts';
import { createImageStore } from './images/image-store.ts';
import { WRAPPER_DIRECTORY, WRAPPER_IMAGE_NAME } from './images/wrapper-package.ts';
import type { ContainerRuntime } from './kubernetes/kubelet/container-runtime.ts';
import { createProcessRuntime } from './kubernetes/kubelet/process-runtime.ts';

/** How images are built and containers run: what the one half pushes, the other pulls. */
export interface ContainerPlatform {
  builder: ImageBuilder;
  runtime: ContainerRuntime;
  /** Called when nothing is built and nothing runs any more. */
  close(): Promise<void>;
}

/** Below the data directory: image directories, by which is known that a sandbox did without an engine. */
export const IMAGES_DIRECTORY = 'images';
/** Below the data directory: where the pods' processes are on file. */
export const POD_PROCESSES_DIRECTORY = 'kubernetes/processes';

/** Below the data directory: where the processes of workflow steps and image builds are on file. */
export const BUILD_PROCESSES_DIRECTORY = 'runs/processes';

/** Without a container engine: image directories and processes of this machine. */
export function createDirectoryPlatform(dataDir: string): ContainerPlatform {
  const images = createImageStore(join(dataDir, IMAGES_DIRECTORY));
  return {
    builder: createImageBuilder({
      images,
      workDir: join(dataDir, 'runs', 'builds'),
      processDir: join(dataDir, BUILD_PROCESSES_DIRECTORY),
      localImages: { [WRAPPER_IMAGE_NAME]: WRAPPER_DIRECTORY },
    }),
    runtime: createProcessRuntime({ images, processDir: join(dataDir, POD_PROCESSES_DIRECTORY) }),
    close: async () => undefined,
  };
}
