import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../src/domain/user-error.ts';
import { IMAGES_DIRECTORY } from './container-platform.ts';
import { type Engine, findEngine, requireEngine } from './docker/find-engine.ts';
import { findRegistry } from './docker/local-registry.ts';
import { readEngineRecord } from './engine-record.ts';

export const ENGINE_CHOICES = ['auto', 'docker', 'none'] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

export interface ChosenEngine {
  /** Absent: without an engine. */
  engine?: Engine;
  /** Why `auto` does without, for people. */
  note?: string;
}

/** What every build of `templates/node.Dockerfile` begins with. */
const NODE_IMAGE = 'node:24-bookworm-slim';

/**
 * Decides whether Docker builds and runs. State keeps to what it was made with, since the images that deployments name
 * by digest are where they were made. Otherwise only what was asked for counts: without Docker, hosting takes seconds and
 * fetches no base image, so nobody gets Docker who did not ask. `auto` takes it where nothing has to be fetched first.
 *
 * @param asked absent: what the state was made with, else none
 * @throws UserError `engine-differs`, `engine-missing`, `engine-address`
 */
export async function chooseEngine(
  asked: EngineChoice | undefined,
  { dataDir, env }: { dataDir: string; env: NodeJS.ProcessEnv },
): Promise<ChosenEngine> {
  const held = await heldEngine(dataDir);
  if (held && asked && asked !== 'auto' && asked !== held) throw engineDiffers(dataDir, held);
  const wanted = held ?? asked ?? 'none';
  switch (wanted) {
    case 'none':
      return {};
    case 'docker':
      return { engine: await requireEngine(env) };
    case 'auto':
      return takeReadyEngine(env);
  }
}

async function heldEngine(dataDir: string): Promise<'docker' | 'none' | undefined> {
  if ((await readEngineRecord(dataDir))?.registry) return 'docker';
  return existsSync(join(dataDir, IMAGES_DIRECTORY)) ? 'none' : undefined;
}

async function takeReadyEngine(env: NodeJS.ProcessEnv): Promise<ChosenEngine> {
  const found = await findEngine(env);
  if ('missing' in found) return { note: `Without Docker: ${found.missing}` };
  const cure = 'npm start -- --engine docker fetches it';
  const { status } = await found.client.request('GET', `/images/${NODE_IMAGE}/json`, { accept: [404] });
  if (status === 404) return { note: `Without Docker: the engine does not have ${NODE_IMAGE} yet; ${cure}` };
  if (!(await findRegistry(found.client))) {
    return { note: `Without Docker: the engine does not have the image registry:3 yet; ${cure}` };
  }
  return { engine: found };
}

function engineDiffers(dataDir: string, held: 'docker' | 'none'): UserError {
  return new UserError(
    'engine-differs',
    `Cannot change the engine of "${dataDir}": its servers were built with --engine ${held}, expected the same`,
    `Take --engine ${held}, forget the state with --fresh, or choose another folder with --data-dir.`,
  );
}
