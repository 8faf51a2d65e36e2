import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD_PROCESSES_DIRECTORY, POD_PROCESSES_DIRECTORY } from './container-platform.ts';
import { REGISTRY_DIRECTORY } from './docker/docker-platform.ts';
import { findEngine } from './docker/find-engine.ts';
import { REGISTRY_PROCESSES } from './docker/local-registry.ts';
import { removeNames } from './docker/remove-names.ts';
import { removeLabelled, sandboxLabels } from './docker/sandbox-labels.ts';
import { readEngineRecord } from './engine-record.ts';
import { ProcessRegistry } from './kubernetes/kubelet/process-registry.ts';
import { endEarlierPostmaster } from './postgres/earlier-postmaster.ts';

/** Below the data directory: where the processes of the bot, the builds, the pods and the image registry are on file. */
export const PROCESS_DIRECTORIES = {
  bot: 'processes',
  builds: BUILD_PROCESSES_DIRECTORY,
  pods: POD_PROCESSES_DIRECTORY,
  registry: `${REGISTRY_DIRECTORY}/${REGISTRY_PROCESSES}`,
} as const;

/**
 * Ends what a killed sandbox left running on this data directory: bot, builds, pods, containers and PostgreSQL. They hold its
 * ports, and their records go with the state that `--fresh` forgets.
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  await endEngineLeftovers(dataDir);
  for (const directory of Object.values(PROCESS_DIRECTORIES)) {
    const path = join(dataDir, directory);
    if (existsSync(path)) await new ProcessRegistry(path).endLeftovers();
  }
  await endEarlierPostmaster(join(dataDir, 'postgres'));
}

async function endEngineLeftovers(dataDir: string): Promise<void> {
  const record = await readEngineRecord(dataDir);
  if (!record) return;
  const engine = await findEngine({ DOCKER_HOST: record.address });
  // An engine that does not answer runs no containers.
  if ('missing' in engine) return;
  await removeLabelled(engine.client, sandboxLabels(dataDir));
  if (record.registry) await removeNames(engine.client, `${record.registry}/`);
}
