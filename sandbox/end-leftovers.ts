import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessRegistry } from './kubernetes/kubelet/process-registry.ts';
import { endEarlierPostmaster } from './postgres/earlier-postmaster.ts';

/** Below the data directory: where the bot's and the pods' processes are on file. */
export const PROCESS_DIRECTORIES = { bot: 'processes', pods: 'kubernetes/processes' } as const;

/**
 * Ends what a killed sandbox left running on this data directory: bot, pods and PostgreSQL. They hold its ports, and
 * their records go with the state that `--fresh` forgets.
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  for (const directory of Object.values(PROCESS_DIRECTORIES)) {
    const path = join(dataDir, directory);
    if (existsSync(path)) await new ProcessRegistry(path).endLeftovers();
  }
  await endEarlierPostmaster(join(dataDir, 'postgres'));
}
