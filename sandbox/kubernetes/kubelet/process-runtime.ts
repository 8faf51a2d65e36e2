import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageStore, StoredImage } from '../../images/image-store.ts';
import { type RunSpec, runSpec } from '../../images/run-spec.ts';
import { startProcess } from './container-process.ts';
import type { ContainerRequest, ContainerRuntime } from './container-runtime.ts';
import { findFreePort } from './free-port.ts';
import { ProcessRegistry } from './process-registry.ts';

/**
 * Runs containers as processes of this machine, from image directories: for a machine without a container engine. They
 * have this account's rights, whatever the manifest says about users, file systems and limits.
 *
 * @param processDir where the processes are on file, so that a start after a crash ends them
 */
export function createProcessRuntime({
  images,
  processDir,
}: {
  images: ImageStore;
  processDir: string;
}): ContainerRuntime {
  const registry = new ProcessRegistry(processDir);
  return {
    async pull(reference) {
      const image = await images.resolve(reference);
      if (image === undefined) {
        return { kind: 'failed', message: `failed to pull and unpack image "${reference}": not found` };
      }
      const imageId = `${nameOf(reference)}@${image.digest}`;
      return { kind: 'pulled', image: { imageId, create: (request) => createProcess(image, request, registry) } };
    },
    endLeftovers: () => registry.endLeftovers(),
  };
}

async function createProcess(image: StoredImage, request: ContainerRequest, registry: ProcessRegistry) {
  const port = await findFreePort();
  const spec = specOf(image, request, { ...(await metricsPort(request)), MCP_WRAPPER_PORT: String(port) });
  return {
    async start(onLine: (line: string) => void) {
      const { pid, exited, stop } = await startProcess({ spec, registry, onLine });
      return { containerId: `sandbox://${pid}`, port, exited, stop };
    },
  };
}

/** Pods have an address each and one port in common for their metrics; processes of one machine need a port each. */
async function metricsPort({ environment }: ContainerRequest): Promise<Record<string, string>> {
  if (!Object.hasOwn(environment.literal, METRICS_PORT_VARIABLE)) return {};
  return { [METRICS_PORT_VARIABLE]: String(await findFreePort()) };
}

const METRICS_PORT_VARIABLE = 'MCP_WRAPPER_METRICS_PORT';

function specOf(image: StoredImage, request: ContainerRequest, ports: Record<string, string>): RunSpec {
  const { pod, container, environment, podDir } = request;
  const literal = { HOSTNAME: pod.metadata.name, ...writableDirs(podDir), ...withMounts(request) };
  const spec = runSpec(image, {
    ...(container.command === undefined ? {} : { command: container.command }),
    ...(container.args === undefined ? {} : { args: container.args }),
    env: { ...literal, ...ports, MCP_WRAPPER_HOST: '127.0.0.1' },
  });
  if (!existsSync(spec.cwd)) throw new Error(`working directory ${image.config.workingDir} is not in the image`);
  // Values of Secrets are added after the mapping of paths, as they must arrive as they are.
  return { ...spec, env: { ...spec.env, ...environment.referenced } };
}

/** A process sees this machine's files: variables that name a path below a mount are told where that really is. */
function withMounts({ environment, mounts }: ContainerRequest): Record<string, string> {
  const moved = ([name, value]: [string, string]): [string, string] => {
    const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
    return [name, mount ? `${mount.sourceDir}${value.slice(mount.mountPath.length)}` : value];
  };
  return Object.fromEntries(Object.entries(environment.literal).map(moved));
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
