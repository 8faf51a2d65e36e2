import { join } from 'node:path';
import type { ContainerPlatform } from '../container-platform.ts';
import { createDockerBuilder } from './docker-builder.ts';
import { createDockerRuntime } from './docker-runtime.ts';
import type { Engine } from './find-engine.ts';
import { startRegistry } from './local-registry.ts';
import { removeNames } from './remove-names.ts';
import { sandboxLabels } from './sandbox-labels.ts';

export interface DockerPlatform extends ContainerPlatform {
  /** `127.0.0.1:<port>` */
  registryAddress: string;
  /** What runs the registry, for people. */
  registryKind: string;
}

/** Below the data directory: images of the registry, and its process. */
export const REGISTRY_DIRECTORY = 'registry';

/**
 * With a container engine: it builds, a registry of this machine keeps the images, and it runs them.
 *
 * @throws UserError `registry-missing`
 */
export async function startDockerPlatform(options: {
  engine: Engine;
  dataDir: string;
  log: (line: string) => void;
}): Promise<DockerPlatform> {
  const { dataDir, log } = options;
  const engine = options.engine.client;
  const registry = await startRegistry({
    engine,
    dir: join(dataDir, REGISTRY_DIRECTORY),
    labels: sandboxLabels(dataDir, 'registry'),
    log,
  });
  return {
    builder: createDockerBuilder({ engine, registry, hostEnv: process.env }),
    runtime: createDockerRuntime({ engine, registry, labels: sandboxLabels(dataDir, 'pods') }),
    registryAddress: registry.address,
    registryKind: registry.kind,
    async close() {
      // Their names hold this run's port; the images stay under the names that the workflows gave them.
      await removeNames(engine, `${registry.address}/`);
      await registry.close();
    },
  };
}
