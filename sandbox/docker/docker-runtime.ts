import { randomUUID } from 'node:crypto';
import type { ContainerRequest, ContainerRuntime, PulledImage } from '../kubernetes/kubelet/container-runtime.ts';
import { containerPortOf, containerSettings } from './container-settings.ts';
import type { EngineClient } from './engine-client.ts';
import { createEngineContainer, runEngineContainer } from './engine-container.ts';
import type { LocalRegistry } from './local-registry.ts';
import { mirrorReference } from './mirror-reference.ts';
import { pullImage } from './pull-image.ts';
import { removeLabelled, type SandboxLabels } from './sandbox-labels.ts';

export interface DockerRuntimeOptions {
  engine: EngineClient;
  registry: LocalRegistry;
  labels: SandboxLabels;
}

/** A pull that takes longer is stuck. */
const PULL_MS_MAX = 5 * 60_000;
/** How soon a registry of somebody else is asked again for what it did not give: Docker Hub counts each time. */
const ASK_AGAIN_MS = 20_000;

/**
 * Runs containers by a Docker Engine. An image is taken from the registry of this machine, by the digest or tag of the
 * manifest; one that is not there is pulled by its own name.
 */
export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  const { engine, registry, labels } = options;
  const refusals = new Map<string, { message: string; at: number }>();

  /** @returns what is wrong, undefined: the engine has it */
  async function fetchFromElsewhere(reference: string, signal: AbortSignal): Promise<string | undefined> {
    const earlier = refusals.get(reference);
    if (earlier && performance.now() - earlier.at < ASK_AGAIN_MS) return earlier.message;
    const message = await pullImage(engine, reference, AbortSignal.any([signal, AbortSignal.timeout(PULL_MS_MAX)]));
    if (message === undefined) refusals.delete(reference);
    else refusals.set(reference, { message, at: performance.now() });
    return message;
  }

  /** @returns the reference by which the engine knows the image */
  async function fetch(reference: string, signal: AbortSignal): Promise<string> {
    const mirrored = mirrorReference(reference, registry.address);
    if (!mirrored) throw new Error('invalid reference format');
    if (mirrored.reference.includes('@') && (await findImage(engine, mirrored.reference))) return mirrored.reference;
    const isHere = (await registry.find(mirrored)) !== undefined;
    const problem = isHere
      ? await pullImage(engine, mirrored.reference, AbortSignal.any([signal, AbortSignal.timeout(PULL_MS_MAX)]))
      : await fetchFromElsewhere(reference, signal);
    if (problem !== undefined) throw new Error(problem);
    return isHere ? mirrored.reference : reference;
  }

  return {
    async pull(reference, signal) {
      try {
        const fetched = await fetch(reference, signal);
        const found = await findImage(engine, fetched);
        if (!found) throw new Error('not found');
        const imageId = `${withoutVersion(reference)}@${digestOf(found, fetched)}`;
        const image = { reference: fetched, user: found.Config.User ?? '' };
        return { kind: 'pulled', image: { imageId, create: (request) => create(request, image) } };
      } catch (error) {
        const message = `failed to pull image "${reference}": ${(error as Error).message}`;
        return { kind: 'failed', message };
      }
    },
    endLeftovers: () => removeLabelled(engine, labels),
  };

  async function create(
    request: ContainerRequest,
    image: { reference: string; user: string },
  ): ReturnType<PulledImage['create']> {
    const settings = containerSettings(request, image);
    const port = containerPortOf(request);
    const name = `${request.pod.metadata.name}_${request.container.name}_${randomUUID().slice(0, 8)}`;
    const id = await createEngineContainer(engine, { settings: { ...settings, Labels: labels }, port, name });
    return { start: (onLine) => runEngineContainer(engine, id, { port, onLine }) };
  }
}

interface ImageInspection {
  Id: string;
  RepoDigests: string[] | null;
  Config: { User?: string };
}

async function findImage(engine: EngineClient, reference: string): Promise<ImageInspection | undefined> {
  const { status, body } = await engine.request('GET', `/images/${reference}/json`, { accept: [404] });
  return status === 404 ? undefined : (body as ImageInspection);
}

function digestOf({ Id, RepoDigests }: ImageInspection, reference: string): string {
  const name = `${withoutVersion(reference)}@`;
  return RepoDigests?.find((each) => each.startsWith(name))?.slice(name.length) ?? Id;
}

function withoutVersion(reference: string): string {
  return reference.replace(/@sha256:.*$/, '').replace(/:[^:/]+$/, '');
}
