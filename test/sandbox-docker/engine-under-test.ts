import { afterAll, beforeAll, describe } from '@jest/globals';
import { type Engine, findEngine } from '../../sandbox/docker/find-engine.ts';
import { findRegistry } from '../../sandbox/docker/local-registry.ts';
import { ensureNodeImage } from './base-images.ts';

const found = await findEngine(process.env);
const reason = await reasonToSkip();

/** The engine that answers here. Only inside of `describeWithEngine`. */
export const engine = found as Engine;

/**
 * Tests that need a Docker Engine. Where none answers they are skipped, and their name says why.
 *
 * @param image name of the image with Node that the tests build on
 */
export function describeWithEngine(name: string, image: string, tests: () => void): void {
  if (reason !== undefined) {
    // Jest names skipped tests only when it is asked to.
    process.stderr.write(`${name}: not run, ${reason}\n`);
    describe.skip(`${name} (not run: ${reason})`, tests);
    return;
  }
  describe(name, () => {
    let remove: () => Promise<void>;
    beforeAll(async () => {
      remove = await ensureNodeImage(engine.client, image);
    });
    afterAll(() => remove());
    tests();
  });
}

async function reasonToSkip(): Promise<string | undefined> {
  if ('missing' in found) return found.missing;
  if (process.platform !== 'linux') return 'base images are made from the programs of a Linux machine';
  if (!(await findRegistry(found.client))) return 'docker-registry is not on PATH, and the image registry:3 not there';
  return undefined;
}
