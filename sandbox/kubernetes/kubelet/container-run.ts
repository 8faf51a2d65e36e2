import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageStore } from '../../images/image-store.ts';
import { type RunSpec, runSpec } from '../../images/run-spec.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { readContainerEnvironment } from './container-environment.ts';
import { findFreePort } from './free-port.ts';
import type { Container, Pod } from './pod.ts';

export type PreparedRun =
  | { kind: 'ready'; spec: RunSpec; port: number; imageId: string }
  | {
      kind: 'waiting';
      reason: 'ErrImagePull' | 'CreateContainerConfigError' | 'CreateContainerError';
      message: string;
    };

/** Everything a container needs before its process can start, or why it has to wait. */
export async function prepareRun(options: {
  store: ObjectStore;
  images: ImageStore;
  pod: Pod;
  container: Container;
  /** A directory of this pod's own, for what it writes. */
  podDir: string;
}): Promise<PreparedRun> {
  const { store, images, pod, container, podDir } = options;
  const image = await images.resolve(container.image);
  if (image === undefined) {
    const message = `failed to pull and unpack image "${container.image}": not found`;
    return { kind: 'waiting', reason: 'ErrImagePull', message };
  }
  const environment = readContainerEnvironment(store, pod, container);
  if (environment.kind === 'incomplete') {
    return { kind: 'waiting', reason: 'CreateContainerConfigError', message: environment.message };
  }
  const port = await findFreePort();
  try {
    const literal = { HOSTNAME: pod.metadata.name, ...writableDirs(podDir), ...environment.literal };
    const spec = runSpec(image, {
      ...(container.command === undefined ? {} : { command: container.command }),
      ...(container.args === undefined ? {} : { args: container.args }),
      env: { ...literal, MCP_WRAPPER_PORT: String(port), MCP_WRAPPER_HOST: '127.0.0.1' },
    });
    // Values of Secrets are added after the mapping of paths, as they must arrive as they are.
    const env = { ...spec.env, ...environment.referenced };
    if (!existsSync(spec.cwd)) throw new Error(`working directory ${image.config.workingDir} is not in the image`);
    return { kind: 'ready', spec: { ...spec, env }, port, imageId: `${nameOf(container.image)}@${image.digest}` };
  } catch (error) {
    return { kind: 'waiting', reason: 'CreateContainerError', message: (error as Error).message };
  }
}

/** The image's own file system is never written to, so programs get these for HOME and temporary files. */
function writableDirs(podDir: string): Record<string, string> {
  const [home, temporary] = [join(podDir, 'home'), join(podDir, 'tmp')];
  for (const dir of [home, temporary]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  return { HOME: home, TMPDIR: temporary };
}

function nameOf(reference: string): string {
  return reference.replace(/@sha256:.*$/, '').replace(/:[^:/]+$/, '');
}
