import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';
import { buildCancelled } from './build-cancelled.ts';
import { buildKey } from './build-key.ts';
import { type BuiltStage, buildStages } from './build-stages.ts';
import { type IsIgnored, parseDockerIgnore } from './docker-ignore.ts';
import { type Dockerfile, parseDockerfile } from './dockerfile.ts';
import { hostEnvironment } from './host-environment.ts';
import type { ImageStore } from './image-store.ts';
import { recallDigest, rememberDigest } from './known-builds.ts';
import { limitOutput } from './limit-output.ts';

export interface ImageBuilderOptions {
  images: ImageStore;
  /** Builds happen here; results are remembered here. */
  workDir: string;
  /** Where the processes of builds are on file. */
  processDir: string;
  /** Image name → directory of an npm package of this machine that stands for the image. */
  localImages?: Readonly<Record<string, string>>;
  /** Environment of this process: registry settings and PATH are taken from it. */
  hostEnv?: NodeJS.ProcessEnv;
}

export interface BuildRequest {
  /** Directory whose files COPY takes. */
  context: string;
  /** Text of the Dockerfile. */
  dockerfile: string;
  /** Text of the ignore file; absent: `.dockerignore` of the context. */
  dockerIgnore?: string;
  buildArgs: Readonly<Record<string, string>>;
  labels?: Readonly<Record<string, string>>;
  /** Name of the stage to build; absent: the last one. */
  target?: string;
  /** Under which names and tags the image is pushed. */
  images: readonly { name: string; tags: string[] }[];
  onLine: (line: string) => void;
  signal?: AbortSignal;
}

export interface BuiltImage {
  digest: string;
  /** Nothing ran: the same input was built before. */
  cached: boolean;
}

export interface ImageBuilder {
  /**
   * Builds a Dockerfile and pushes the result to where the kubelet finds it. The same input gives the digest it gave
   * before, as long as the builder remembers it.
   *
   * @throws UserError `dockerfile-invalid`, `build-step-failed`, `build-cancelled`, and what the builder alone knows
   */
  build(request: BuildRequest): Promise<BuiltImage>;
}

/** A shell reads no meaning into these: RUN commands hold the directory's path. */
const PLAIN_PATH = /^[\w./@+-]+$/;

/**
 * Builds without a container engine, into image directories.
 *
 * @returns a builder that also throws UserError `dockerfile-needs-docker`, `copy-leaves-image`, `python-missing`
 */
export function createImageBuilder(options: ImageBuilderOptions): ImageBuilder {
  /** Builds of the same input wait for each other, and the later ones find the result. */
  const running = new Map<string, Promise<unknown>>();
  const processes = new ProcessRegistry(options.processDir);

  return {
    async build(request) {
      const dockerfile = parseDockerfile(request.dockerfile);
      const isIgnored = await readDockerIgnore(request);
      const output = limitOutput(request.onLine);
      const key = await buildKey({ ...request, isIgnored, localImages: options.localImages ?? {} });
      const earlier = running.get(key);
      const build = (earlier ?? Promise.resolve())
        .catch(() => undefined)
        .then(() =>
          buildOrRecall({ options, request: { ...request, onLine: output }, dockerfile, isIgnored, key, processes }),
        );
      running.set(key, build);
      try {
        return await build;
      } finally {
        if (running.get(key) === build) running.delete(key);
      }
    },
  };
}

interface Build {
  options: ImageBuilderOptions;
  request: BuildRequest;
  dockerfile: Dockerfile;
  isIgnored: IsIgnored;
  key: string;
  processes: ProcessRegistry;
}

async function buildOrRecall(build: Build): Promise<BuiltImage> {
  const { options, request, key } = build;
  if (request.signal?.aborted) throw buildCancelled();
  const known = await recallDigest(options.workDir, key);
  if (known && (await tagAll(options.images, request.images, known))) {
    request.onLine(`The same input was built before: ${known}`);
    return { digest: known, cached: true };
  }
  const directory = await makeBuildDirectory(options.workDir, key);
  try {
    const environment = hostEnvironment(options.hostEnv ?? process.env, join(directory, 'home'));
    const result = await buildStages({
      directory,
      dockerfile: build.dockerfile,
      context: { root: request.context, isIgnored: build.isIgnored },
      buildArgs: request.buildArgs,
      target: request.target,
      bases: { images: options.images, localImages: options.localImages ?? {}, environment },
      processes: build.processes,
      onLine: request.onLine,
      signal: request.signal ?? new AbortController().signal,
    });
    const digest = await pushAll(build, result);
    await rememberDigest(options.workDir, key, digest);
    return { digest, cached: false };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function pushAll({ options, request }: Build, result: BuiltStage): Promise<string> {
  const config = { ...result.config, labels: { ...result.config.labels, ...request.labels } };
  const [first, ...others] = request.images;
  if (!first) throw new Error('Cannot push the image: no name is given, expected one at least');
  const digest = await options.images.push(first.name, first.tags, result.rootfs, config, {
    move: true,
    hostLinks: result.base.hostLinks,
  });
  await tagAll(options.images, others, digest);
  for (const { name, tags } of request.images) request.onLine(`pushed ${name}@${digest} (${tags.join(', ')})`);
  return digest;
}

async function tagAll(images: ImageStore, names: BuildRequest['images'], digest: string): Promise<boolean> {
  for (const { name, tags } of names) {
    if (!(await images.tag(name, tags, digest))) return false;
  }
  return true;
}

async function readDockerIgnore(request: BuildRequest): Promise<IsIgnored> {
  const text = request.dockerIgnore ?? (await readFile(join(request.context, '.dockerignore'), 'utf8').catch(() => ''));
  return parseDockerIgnore(text);
}

async function makeBuildDirectory(workDir: string, key: string): Promise<string> {
  await mkdir(workDir, { recursive: true });
  const root = await realpath(workDir);
  if (!PLAIN_PATH.test(root)) return realpath(await mkdtemp(join(tmpdir(), 'image-build-')));
  const directory = join(root, `build-${key.slice(0, 16)}`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  return directory;
}
