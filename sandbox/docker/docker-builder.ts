import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';
import { buildCancelled } from '../images/build-cancelled.ts';
import type { BuildRequest, ImageBuilder } from '../images/build-image.ts';
import { parseDockerIgnore } from '../images/docker-ignore.ts';
import { limitOutput } from '../images/limit-output.ts';
import { type EngineClient, EngineError } from './engine-client.ts';
import { followProgress, type Outcome } from './follow-progress.ts';
import type { LocalRegistry } from './local-registry.ts';
import { mirrorReference } from './mirror-reference.ts';
import { PACKED_DOCKERFILE, packContext } from './pack-context.ts';
import { IMAGE_LABELS } from './sandbox-labels.ts';
import { createWrapperImage } from './wrapper-image.ts';

export interface DockerBuilderOptions {
  engine: EngineClient;
  registry: Pick<LocalRegistry, 'address'>;
  /** Environment of this process: proxies are taken from it. */
  hostEnv: NodeJS.ProcessEnv;
}

/** Builds that reach a network through a proxy; the engine knows these arguments in every Dockerfile. */
const PROXY = /^(?:https?_proxy|no_proxy|ftp_proxy|all_proxy)$/i;
/** In a container, it would be the container itself. */
const LOOPBACK = /\/\/(?:[^@/]*@)?(?:localhost|127\.|\[::1\])/;

/** Builds by a Docker Engine and pushes to the registry of this machine, whose digest of the manifest is the result. */
export function createDockerBuilder(options: DockerBuilderOptions): ImageBuilder {
  const { engine, registry } = options;
  const wrapper = createWrapperImage(engine);
  return {
    async build(request) {
      const onLine = limitOutput(request.onLine);
      try {
        if (wrapper.isUsedBy(request.dockerfile)) onLine(await wrapper.ensure());
        await buildImage(options, request, onLine);
        return { digest: await pushAll({ engine, registry, request, onLine }), cached: false };
      } catch (error) {
        if (request.signal?.aborted) throw buildCancelled();
        throw error;
      }
    },
  };
}

async function buildImage(
  { engine, hostEnv }: DockerBuilderOptions,
  request: BuildRequest,
  onLine: (line: string) => void,
): Promise<void> {
  const { context, dockerfile, signal, target } = request;
  const body = packContext({ root: context, dockerfile, isIgnored: parseDockerIgnore(await readIgnoreFile(request)) });
  const outcome = await startBuild(engine, {
    body,
    contentType: 'application/x-tar',
    query: {
      dockerfile: PACKED_DOCKERFILE,
      t: request.images.flatMap(({ name, tags }) => tags.map((tag) => `${name}:${tag}`)),
      buildargs: JSON.stringify({ ...proxyArguments(hostEnv), ...request.buildArgs }),
      labels: JSON.stringify({ ...IMAGE_LABELS, ...request.labels }),
      target,
      rm: '1',
      forcerm: '1',
    },
    signal,
  }).then((answer) => followProgress(answer, onLine));
  if (outcome.error !== undefined) throw buildFailed(outcome, outcome.error);
}

/** @throws UserError `dockerfile-invalid` where the engine does not take the Dockerfile */
async function startBuild(engine: EngineClient, call: Parameters<EngineClient['stream']>[2]) {
  try {
    return await engine.stream('POST', '/build', call);
  } catch (error) {
    if (!(error instanceof EngineError && error.status === 400)) throw error;
    throw new UserError(
      'dockerfile-invalid',
      `Cannot read the Dockerfile: ${error.message}, expected one that the engine builds`,
      'Mend the Dockerfile and push it again.',
      { cause: error },
    );
  }
}

function buildFailed({ exitCode }: Outcome, said: string): UserError {
  if (exitCode !== undefined) {
    return new UserError(
      'build-step-failed',
      `Cannot build the image: ${said}, expected exit code 0`,
      'Read the last lines of the build log, mend the cause and push again.',
    );
  }
  return new UserError(
    'build-refused',
    `Cannot build the image: the engine says "${said}", expected it to build`,
    'Where a base image is missing, look whether its name is right and the engine reaches its registry.',
  );
}

async function readIgnoreFile({ context, dockerIgnore }: BuildRequest): Promise<string> {
  return dockerIgnore ?? (await readFile(join(context, '.dockerignore'), 'utf8').catch(() => ''));
}

function proxyArguments(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => PROXY.test(entry[0]) && !!entry[1] && !LOOPBACK.test(entry[1]),
    ),
  );
}

interface Push {
  engine: EngineClient;
  registry: DockerBuilderOptions['registry'];
  request: BuildRequest;
  onLine: (line: string) => void;
}

async function pushAll(push: Push): Promise<string> {
  let digest: string | undefined;
  for (const { name, tags } of push.request.images) {
    for (const tag of tags) digest = await pushTag(push, `${name}:${tag}`);
    push.onLine(`pushed ${name}@${digest} (${tags.join(', ')})`);
  }
  if (digest === undefined) throw new Error('Cannot push the image: no name is given, expected one at least');
  return digest;
}

async function pushTag({ engine, registry, request, onLine }: Push, reference: string): Promise<string> {
  const mirrored = mirrorReference(reference, registry.address);
  if (!mirrored) throw new Error(`Cannot push "${reference}": it is no image reference`);
  const repo = `${registry.address}/${mirrored.repository}`;
  const tag = mirrored.version;
  await engine.request('POST', `/images/${reference}/tag`, { query: { repo, tag } });
  try {
    const body = await engine.stream('POST', `/images/${repo}/push`, {
      query: { tag },
      headers: { 'x-registry-auth': NO_CREDENTIALS },
      signal: request.signal,
    });
    const { error, digest } = await followProgress(body, onLine);
    if (error !== undefined || digest === undefined)
      throw new Error(`Cannot push ${reference}: ${error ?? 'no digest'}`);
    return digest;
  } finally {
    // The name with this run's port means nothing to people; the one of the workflow stays.
    await engine.request('DELETE', `/images/${repo}:${tag}`, { query: { noprune: '1' }, accept: [404, 409] });
  }
}

/** The engine wants the header even where the registry asks for no login. */
const NO_CREDENTIALS = Buffer.from('{}').toString('base64url');
