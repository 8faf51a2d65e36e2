import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';
import { parseDockerIgnore } from '../images/docker-ignore.ts';
import { WRAPPER_DIRECTORY, WRAPPER_IMAGE_NAME } from '../images/wrapper-package.ts';
import type { EngineClient } from './engine-client.ts';
import { followProgress } from './follow-progress.ts';
import { PACKED_DOCKERFILE, packContext } from './pack-context.ts';
import { IMAGE_LABELS } from './sandbox-labels.ts';

export interface WrapperImage {
  isUsedBy(dockerfile: string): boolean;
  /** Builds it where that was not done yet. @returns a line for the build log @throws UserError `package-not-built` */
  ensure(): Promise<string>;
}

/**
 * The wrapper's image, built from this very checkout under the name that Dockerfiles know, so that what is tried here is
 * what a release would publish. The engine's cache makes a second time cheap.
 */
export function createWrapperImage(engine: EngineClient): WrapperImage {
  let built: Promise<string> | undefined;
  return {
    isUsedBy: (dockerfile) => dockerfile.includes(WRAPPER_IMAGE_NAME),
    ensure() {
      built ??= build(engine).catch((error: unknown) => {
        built = undefined;
        throw error;
      });
      return built;
    },
  };
}

async function build(engine: EngineClient): Promise<string> {
  if (!existsSync(join(WRAPPER_DIRECTORY, 'dist/main.cjs'))) {
    throw new UserError(
      'package-not-built',
      `Cannot build the wrapper's image: "dist/main.cjs" is not in ${WRAPPER_DIRECTORY}, expected the built package`,
      'Run "npm run build --workspaces" and try again.',
    );
  }
  const { version } = JSON.parse(await readPackageFile('package.json'));
  const reference = `${WRAPPER_IMAGE_NAME}:${version}`;
  const answer = await engine.stream('POST', '/build', {
    body: packContext({
      root: WRAPPER_DIRECTORY,
      dockerfile: await readPackageFile('Dockerfile'),
      isIgnored: parseDockerIgnore(await readPackageFile('.dockerignore')),
    }),
    contentType: 'application/x-tar',
    query: { dockerfile: PACKED_DOCKERFILE, t: reference, labels: JSON.stringify(IMAGE_LABELS), rm: '1' },
  });
  const { error, imageId } = await followProgress(answer, () => undefined);
  if (error !== undefined) throw new Error(`Cannot build ${reference}: ${error}`);
  return `${reference} is this checkout's wrapper (${imageId ?? 'built before'})`;
}

function readPackageFile(name: string): Promise<string> {
  return readFile(join(WRAPPER_DIRECTORY, name), 'utf8');
}
