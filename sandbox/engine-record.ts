import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** That Docker was asked to build and run for a data directory, and where it listened last. */
export interface EngineRecord {
  /** As `DOCKER_HOST` has it. */
  address: string;
  /** Address of the registry, which stands in names of images; absent: it never started, so there are no images. */
  registry?: string;
}

const FILE = 'engine.json';

/** Written before the first container, so that a start after a crash knows where to look for it. */
export async function writeEngineRecord(dataDir: string, record: EngineRecord): Promise<void> {
  await writeFile(join(dataDir, FILE), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

export async function readEngineRecord(dataDir: string): Promise<EngineRecord | undefined> {
  try {
    const { address, registry } = JSON.parse(await readFile(join(dataDir, FILE), 'utf8'));
    if (typeof address !== 'string') return undefined;
    return { address, ...(typeof registry === 'string' ? { registry } : {}) };
  } catch {
    // Absent, or cut off by a crash before any container was there.
    return undefined;
  }
}
