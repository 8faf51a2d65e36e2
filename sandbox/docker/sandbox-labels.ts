import { createHash } from 'node:crypto';
import type { EngineClient } from './engine-client.ts';
import { removeContainer } from './engine-container.ts';

/** Marks what is one sandbox's in an engine that other programs use too. */
export type SandboxLabels = Readonly<Record<string, string>>;

/** On every image that a sandbox builds: `docker image prune --all --filter label=dev.mcp-hosting.sandbox-image`. */
export const IMAGE_LABELS = { 'dev.mcp-hosting.sandbox-image': '' };
const SANDBOX_LABEL = 'dev.mcp-hosting.sandbox';
const PART_LABEL = 'dev.mcp-hosting.part';

/**
 * Of the containers of one data directory: two sandboxes on one engine leave each other's alone.
 *
 * @param part absent: all of them
 */
export function sandboxLabels(dataDir: string, part?: 'pods' | 'registry'): SandboxLabels {
  // A path may be longer than what people want to read in `docker inspect`, and tells where someone lives.
  const id = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return { [SANDBOX_LABEL]: id, ...(part ? { [PART_LABEL]: part } : {}) };
}

/** Ends and removes all containers with these labels. @returns how many there were */
export async function removeLabelled(engine: EngineClient, labels: SandboxLabels): Promise<number> {
  const filters = JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
  const { body } = await engine.request('GET', '/containers/json', { query: { all: '1', filters } });
  const found = body as { Id: string }[];
  await Promise.all(found.map(({ Id }) => removeContainer(engine, Id)));
  return found.length;
}
