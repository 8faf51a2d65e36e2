import { readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';
import { parseImageReference } from '../images/image-reference.ts';
import type { StepContext, StepResult } from './step-context.ts';

/** What of docker/build-push-action means something in the sandbox. */
const USED = ['context', 'file', 'push', 'tags', 'build-args', 'labels', 'target'];
/** Their lack does not change what is built. */
const WITHOUT_EFFECT = [
  'cache-from',
  'cache-to',
  'provenance',
  'sbom',
  'platforms',
  'pull',
  'no-cache',
  'github-token',
  'annotations',
  'load',
];

/** Stands for docker/build-push-action: builds and pushes with the sandbox's builder. */
export async function buildPushAction(step: StepContext): Promise<StepResult> {
  const { inputs, workspace, temp, log } = step;
  for (const name of Object.keys(inputs)) {
    if (USED.includes(name)) continue;
    if (!WITHOUT_EFFECT.includes(name)) return { ok: false, reason: `Input "${name}" is not known in the sandbox.` };
    log(`Input "${name}" has no effect in the sandbox.`);
  }
  const context = await insideOf([workspace], resolve(workspace, inputs.context || '.'));
  const file = await insideOf([workspace, temp], resolve(workspace, inputs.file || join(context, 'Dockerfile')));
  const images = readTags(inputs.tags ?? '');
  if (images.length === 0) return { ok: false, reason: 'Input "tags" is empty, expected one image at least.' };
  const dockerIgnore = await readFile(`${file}.dockerignore`, 'utf8').catch(() => undefined);
  const built = await step.context.builder.build({
    context,
    dockerfile: await readFile(file, 'utf8'),
    ...(dockerIgnore === undefined ? {} : { dockerIgnore }),
    buildArgs: readPairs(inputs['build-args'] ?? '', step.env),
    labels: readPairs(inputs.labels ?? '', {}),
    ...(inputs.target ? { target: inputs.target } : {}),
    images,
    onLine: log,
    signal: step.signal,
  });
  log(`Digest: ${built.digest}`);
  return {
    ok: true,
    outputs: {
      digest: built.digest,
      imageid: built.digest,
      metadata: JSON.stringify({ 'containerimage.digest': built.digest }),
    },
  };
}

async function insideOf(roots: readonly string[], path: string): Promise<string> {
  const real = await realpath(path).catch(() => path);
  for (const root of roots) {
    const realRoot = await realpath(root);
    if (real === realRoot || real.startsWith(realRoot + sep)) {
      await stat(real).catch(() => {
        throw pathError(path, 'it is not there');
      });
      return real;
    }
  }
  throw pathError(path, 'it is outside of the workspace');
}

function pathError(path: string, actual: string): UserError {
  return new UserError(
    'build-path',
    `Cannot build from "${path}": ${actual}, expected a path in the repository`,
    'Mend "context" or "file" of the build step.',
  );
}

function readTags(text: string): { name: string; tags: string[] }[] {
  const byName = new Map<string, string[]>();
  for (const reference of text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter(Boolean)) {
    const parsed = parseImageReference(reference);
    if (!parsed || parsed.digest) {
      throw new UserError(
        'image-name',
        `Cannot push image "${reference.slice(0, 200)}": it is no image name, expected "registry/owner/name:tag" in lower case`,
        'Mend "tags" of the build step.',
      );
    }
    byName.set(parsed.name, [...(byName.get(parsed.name) ?? []), parsed.tag]);
  }
  return [...byName].map(([name, tags]) => ({ name, tags }));
}

/** `NAME=value` lines; a name alone takes the value from the environment, as `docker build --build-arg NAME` does. */
function readPairs(text: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .flatMap((line): [string, string][] => {
      const equals = line.indexOf('=');
      if (equals > 0) return [[line.slice(0, equals), line.slice(equals + 1)]];
      const value = Object.hasOwn(env, line) ? env[line] : undefined;
      return value === undefined ? [] : [[line, value]];
    });
  return Object.fromEntries(pairs);
}
