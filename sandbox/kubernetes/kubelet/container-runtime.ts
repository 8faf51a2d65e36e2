import type { Container, Pod } from './pod.ts';
import type { Mount } from './secret-volumes.ts';

/** What runs containers: processes of this machine, or a container engine. The kubelet decides when. */
export interface ContainerRuntime {
  /** Gets an image by the reference of the manifest. Never rejects; the signal gives it up. */
  pull(reference: string, signal: AbortSignal): Promise<PullOutcome>;
  /** Ends what a run that was killed left behind, and nothing else. @returns how many containers that were */
  endLeftovers(): Promise<number>;
}

type PullOutcome =
  | { kind: 'pulled'; image: PulledImage }
  /** In the words that `ErrImagePull` shows. */
  | { kind: 'failed'; message: string };

export interface PulledImage {
  /** `<name>@sha256:<hex>` */
  imageId: string;
  /** @throws Error with the reason why no container can be made of it, for `CreateContainerError` */
  create(request: ContainerRequest): Promise<CreatedContainer>;
}

export interface ContainerRequest {
  pod: Pod;
  container: Container;
  environment: {
    /** Written in the manifest. */
    literal: Readonly<Record<string, string>>;
    /** From Secrets and ConfigMaps; never looked into, never logged. */
    referenced: Readonly<Record<string, string>>;
  };
  /** Secrets as files, read-only; they change while the container runs. */
  mounts: readonly Mount[];
  /** A directory of this pod's own, for what it writes. */
  podDir: string;
}

export interface CreatedContainer {
  /** Called once. @throws Error when its process cannot be started at all; nothing is left then */
  start(onLine: (line: string) => void): Promise<RunningContainer>;
}

export interface RunningContainer {
  /** `<runtime>://<id>` */
  containerId: string;
  /** Where the container's port listens on 127.0.0.1. */
  port: number;
  /** Settles when nothing of it is left and its last line was passed on. Never rejects. */
  exited: Promise<ContainerExit>;
  /** SIGTERM, and SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<ContainerExit>;
}

export interface ContainerExit {
  /** 128 + signal number where a signal ended it. */
  exitCode: number;
  /** It went beyond its memory limit. */
  isOutOfMemory: boolean;
}
