import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { stringify } from 'yaml';
import { UserError } from '../../src/domain/user-error.ts';
import { startProcess } from '../kubernetes/kubelet/container-process.ts';
import { findFreePort } from '../kubernetes/kubelet/free-port.ts';
import { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';
import type { EngineClient } from './engine-client.ts';
import { startEngineContainer } from './engine-container.ts';
import { findProgram } from './find-program.ts';
import type { MirroredReference } from './mirror-reference.ts';
import { pullImage } from './pull-image.ts';

export interface LocalRegistry {
  /** `127.0.0.1:<port>` */
  address: string;
  /** What runs it, for people. */
  kind: string;
  /** @returns the digest of the manifest, undefined where there is none */
  find(image: MirroredReference): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface RegistryOptions {
  engine: EngineClient;
  /** Images and settings are kept here. */
  dir: string;
  /** Labels of a container that runs it. */
  labels: Readonly<Record<string, string>>;
  log: (line: string) => void;
}

/** Where the process of a registry is on file, below its directory. */
export const REGISTRY_PROCESSES = 'processes';
/** Debian's and Ubuntu's name for the program of the distribution project. */
const PROGRAM = 'docker-registry';
/** Official images of the same program, the best first. */
const IMAGES = ['registry:3', 'registry:2'];
const IMAGE_PORT = 5000;
/** Where those images keep what they are given. */
const IMAGE_DATA = '/var/lib/registry';
/** A pull of the small image that takes longer is one without a network. */
const PULL_MS_MAX = 60_000;
/** A registry that has not answered by then hangs. */
const START_MS_MAX = 20_000;
const START_POLL_MS = 50;
/** All forms in which an engine pushes an image. */
const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

/** @returns how a registry could start without fetching anything, undefined where it cannot */
export async function findRegistry(
  engine: EngineClient,
  path = process.env.PATH ?? '',
): Promise<{ image: string } | { program: string } | undefined> {
  for (const image of IMAGES) {
    const { status } = await engine.request('GET', `/images/${image}/json`, { accept: [404] });
    if (status === 200) return { image };
  }
  const program = findProgram(PROGRAM, path);
  return program !== undefined && (await sharesLoopback(engine)) ? { program } : undefined;
}

/**
 * Whether the engine reaches a process of this machine by loopback. One in a virtual machine or without root has a
 * loopback of its own, which only its containers' ports are on.
 */
async function sharesLoopback(engine: EngineClient): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { body } = await engine.request('GET', '/info');
  const { OperatingSystem, SecurityOptions } = body as { OperatingSystem?: string; SecurityOptions?: string[] | null };
  return OperatingSystem !== 'Docker Desktop' && !(SecurityOptions ?? []).includes('name=rootless');
}

/**
 * Starts an image registry on a free port of 127.0.0.1: from an image that the engine has, else the program on PATH,
 * else an image that is pulled.
 *
 * @throws UserError `registry-missing`
 */
export async function startRegistry(options: RegistryOptions): Promise<LocalRegistry> {
  await mkdir(join(options.dir, 'data'), { recursive: true });
  const found = (await findRegistry(options.engine)) ?? { image: await fetchImage(options) };
  const started =
    'image' in found ? await startImage(options, found.image) : await startProgram(options, found.program);
  const address = `127.0.0.1:${started.port}`;
  try {
    await untilAnswering(address, started.ended);
  } catch (error) {
    await started.close();
    throw error;
  }
  return {
    address,
    kind: 'image' in found ? found.image : PROGRAM,
    find: (image) => findManifest(address, image),
    close: started.close,
  };
}

interface StartedRegistry {
  port: number;
  /** Settles when it ends. */
  ended: Promise<unknown>;
  close(): Promise<void>;
}

async function startProgram({ dir, log }: RegistryOptions, program: string): Promise<StartedRegistry> {
  const port = await findFreePort();
  const config = join(dir, 'config.yml');
  await writeFile(
    config,
    stringify({
      version: '0.1',
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(dir, 'data') } },
      // The secret signs uploads that several registries share, which these are not; without one it warns.
      http: { addr: `127.0.0.1:${port}`, secret: randomUUID() },
    }),
  );
  const { exited, stop } = await startProcess({
    spec: { command: program, args: ['serve', config], cwd: dir, env: {} },
    registry: new ProcessRegistry(join(dir, REGISTRY_PROCESSES)),
    onLine: (line) => log(`registry: ${line}`),
  });
  return { port, ended: exited, close: async () => void (await stop(STOP_MS_MAX)) };
}

async function startImage({ engine, dir, labels, log }: RegistryOptions, image: string): Promise<StartedRegistry> {
  const started = await startEngineContainer(engine, {
    port: IMAGE_PORT,
    settings: {
      Image: image,
      // What it writes is this account's, so that `--fresh` can remove it.
      User: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
      Labels: labels,
      Env: ['REGISTRY_LOG_LEVEL=warn', 'REGISTRY_LOG_ACCESSLOG_DISABLED=true', 'OTEL_TRACES_EXPORTER=none'],
      HostConfig: { Binds: [`${join(dir, 'data')}:${IMAGE_DATA}`] },
    },
    onLine: (line) => log(`registry: ${line}`),
  });
  return { port: started.port, ended: started.exited, close: async () => void (await started.stop(STOP_MS_MAX)) };
}

/** It answers what it is asked and ends; a push that is under way is lost in any case. */
const STOP_MS_MAX = 3_000;

async function fetchImage({ engine, log }: RegistryOptions): Promise<string> {
  const image = IMAGES[0] as string;
  log(`Pulling ${image}`);
  const problem = await pullImage(engine, image, AbortSignal.timeout(PULL_MS_MAX));
  if (problem === undefined) return image;
  throw new UserError(
    'registry-missing',
    `Cannot start an image registry: ${PROGRAM} is not on PATH and ${image} cannot be pulled (${problem}), expected one of them`,
    `Install it, by "apt-get install ${PROGRAM}" or "docker pull ${image}", or take --engine none.`,
  );
}

async function untilAnswering(address: string, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const deadline = performance.now() + START_MS_MAX;
  while (!isOver && performance.now() < deadline) {
    if (await answers(address)) return;
    await delay(START_POLL_MS);
  }
  throw new Error(`Cannot start the image registry on ${address}: it ${isOver ? 'ended' : 'does not answer'}`);
}

async function answers(address: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`http://${address}/v2/`, { signal: AbortSignal.timeout(1_000) });
    await body.dump();
    return statusCode === 200;
  } catch {
    // It does not listen yet.
    return false;
  }
}

/** "Existing manifests" of the OCI distribution specification. */
async function findManifest(address: string, { repository, version }: MirroredReference): Promise<string | undefined> {
  const { statusCode, headers, body } = await request(`http://${address}/v2/${repository}/manifests/${version}`, {
    method: 'HEAD',
    headers: { accept: MANIFEST_TYPES },
  });
  await body.dump();
  const digest = headers['docker-content-digest'];
  return statusCode === 200 && typeof digest === 'string' ? digest : undefined;
}
