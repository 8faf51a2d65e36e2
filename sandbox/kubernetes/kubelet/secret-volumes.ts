import { join } from 'node:path';
import type { KubeObject } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import type { Container, Pod, SecretVolume } from './pod.ts';
import { writeSecretFiles } from './write-secret-files.ts';

/** A directory of this machine that a container sees under a path. */
export interface Mount {
  mountPath: string;
  sourceDir: string;
}

/** The Secrets that a pod mounts, kept as files that follow their changes while the pod runs. */
export class SecretVolumes {
  readonly #store: ObjectStore;
  readonly #pod: Pod;
  readonly #dir: string;
  readonly #volumes: readonly { name: string; secret: SecretVolume }[];
  #unsubscribe: () => void = () => undefined;

  /** @param options.podDir the pod's own directory */
  constructor(options: { store: ObjectStore; pod: Pod; podDir: string }) {
    this.#store = options.store;
    this.#pod = options.pod;
    this.#dir = join(options.podDir, 'volumes');
    this.#volumes = (options.pod.spec.volumes ?? []).flatMap(({ name, secret }) => (secret ? [{ name, secret }] : []));
  }

  /** Writes what there is, and again what changes, until `stop`. */
  start(): void {
    if (this.#volumes.length === 0) return;
    this.#write();
    this.#unsubscribe = this.#store.subscribe(({ resource, object }) => {
      if (resource === typeOf('Secret') && this.#isMounted(object)) this.#write();
    });
  }

  stop(): void {
    this.#unsubscribe();
  }

  /** Why a container has to wait, in the kubelet's words; undefined: every Secret that must be there is. */
  problem(): string | undefined {
    for (const { name, secret } of this.#volumes) {
      const found = this.#filesOf(secret);
      if (typeof found === 'string') return `MountVolume.SetUp failed for volume "${name}" : ${found}`;
    }
    return undefined;
  }

  mountsOf(container: Container): Mount[] {
    return (container.volumeMounts ?? [])
      .filter(({ name }) => this.#volumes.some((volume) => volume.name === name))
      .map(({ name, mountPath }) => ({ mountPath, sourceDir: join(this.#dir, name) }));
  }

  #isMounted({ metadata }: KubeObject): boolean {
    const isHere = metadata.namespace === this.#pod.metadata.namespace;
    return isHere && this.#volumes.some(({ secret }) => secret.secretName === metadata.name);
  }

  #write(): void {
    for (const { name, secret } of this.#volumes) {
      const found = this.#filesOf(secret);
      if (typeof found !== 'string') writeSecretFiles(join(this.#dir, name), found);
    }
  }

  /** @returns the files, or what is missing */
  #filesOf({ secretName, items, optional = false }: SecretVolume): Map<string, Buffer> | string {
    const object = this.#store.get(typeOf('Secret'), this.#pod.metadata.namespace, secretName);
    if (object === undefined && !optional) return `secret "${secretName}" not found`;
    const data = (object?.data as Record<string, string> | undefined) ?? {};
    const files = new Map<string, Buffer>();
    for (const { key, path } of items ?? Object.keys(data).map((key) => ({ key, path: key }))) {
      const value = Object.hasOwn(data, key) ? data[key] : undefined;
      if (value !== undefined) files.set(path, Buffer.from(value, 'base64'));
      else if (!optional) return `references non-existent secret key: ${key}`;
    }
    return files;
  }
}
