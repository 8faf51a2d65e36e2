import { delimiter, dirname, join, posix } from 'node:path';
import { mapImagePath, mapImageValue } from './image-path.ts';
import type { StoredImage } from './image-store.ts';

/** What `child_process.spawn` needs to start a container's process without a container. */
export interface RunSpec {
  command: string;
  args: string[];
  /** The whole environment; nothing else of the host's may be added but what the pod says. */
  env: Record<string, string>;
  cwd: string;
}

export interface RunOptions {
  /** `command` of a Kubernetes container: replaces entrypoint and cmd. */
  command?: readonly string[];
  /** `args` of a Kubernetes container: replaces cmd. */
  args?: readonly string[];
  /** `env` of the container; wins over the image's. */
  env?: Readonly<Record<string, string>>;
  /** PATH of the host, for `python3`, `sh` and the like. */
  hostPath?: string;
}

/**
 * How a process of an image is started from its directory: cwd is `<rootfs><workingDir>`, argv and environment values
 * that name paths of the image are mapped into it, `node` is the node that runs this, `python3` the host's.
 *
 * @throws Error where the image names no command at all
 */
export function runSpec(image: StoredImage, options: RunOptions = {}): RunSpec {
  const { rootfs, config } = image;
  const [program, ...args] = containerArgv(image, options);
  if (program === undefined) throw new Error(`Cannot run image ${image.digest}: it has neither ENTRYPOINT nor CMD`);
  const env = mapEnvironment(rootfs, { ...config.env, ...options.env }, options.hostPath ?? process.env.PATH ?? '');
  return {
    command: program === 'node' ? process.execPath : mapImagePath(rootfs, program),
    args: args.map((arg) => mapImagePath(rootfs, arg)),
    env,
    cwd: join(rootfs, posix.normalize(`/${config.workingDir}`)),
  };
}

/** Kubernetes' rule: `command` alone drops the image's cmd; `args` alone keeps its entrypoint. */
function containerArgv(image: StoredImage, options: RunOptions): string[] {
  if (options.command?.length) return [...options.command, ...(options.args ?? [])];
  return [...image.config.entrypoint, ...(options.args ?? image.config.cmd)];
}

/** The image's own directories first, then node's, then the host's. */
function mapEnvironment(rootfs: string, env: Record<string, string>, hostPath: string): Record<string, string> {
  const mapped = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, mapImageValue(rootfs, value)]));
  const imageParts = (mapped.PATH ?? '').split(delimiter).filter((part) => part.startsWith(`${rootfs}/`));
  const parts = [...imageParts, dirname(process.execPath), ...hostPath.split(delimiter)].filter(Boolean);
  return { ...mapped, PATH: [...new Set(parts)].join(delimiter) };
}
