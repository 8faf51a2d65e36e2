import { randomUUID } from 'node:crypto';
import { admit, keepServerFields } from './admission.ts';
import { ApiError, conflict, notFound } from './api-error.ts';
import { EventWindow } from './event-window.ts';
import { isSameJson } from './is-same-json.ts';
import { type KubeObject, kubeTime, type Manifest } from './kube-object.ts';
import type { ObjectFiles } from './object-files.ts';
import { findTypeByKind, qualifiedName, type ResourceType, typeOf } from './resource-type.ts';
import type { ObjectFilter } from './selectors.ts';
import type { StoreEvent } from './store-event.ts';

/** What of an object a write may change: `status` leaves all else as it is, `object` leaves status where it has its own. */
export type WritePart = 'object' | 'status';

/**
 * The truth of the cluster: every object in memory, each change on disk before it is seen. All methods are synchronous,
 * so a read and the write after it cannot be torn apart by another client.
 */
export class ObjectStore {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #files: ObjectFiles;
  readonly #now: () => Date;
  readonly #window: EventWindow;
  #version: number;

  constructor(options: { files: ObjectFiles; now: () => Date }) {
    this.#files = options.files;
    this.#now = options.now;
    this.#version = this.#load();
    this.#window = new EventWindow(this.#version);
  }

  /** The resourceVersion of the newest change. */
  get version(): number {
    return this.#version;
  }

  get(type: ResourceType, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(qualifiedName(type))?.get(keyOf(type, namespace, name));
  }

  /** Sorted by namespace and name. */
  list(type: ResourceType, namespace?: string, filter: ObjectFilter = () => true): KubeObject[] {
    const all = [...(this.#objects.get(qualifiedName(type))?.values() ?? [])];
    return all
      .filter((object) => namespace === undefined || object.metadata.namespace === namespace)
      .filter(filter)
      .sort((a, b) => sortKey(a).localeCompare(sortKey(b)));
  }

  /** @throws ApiError 409 AlreadyExists, 404 when its namespace is absent, 422 */
  create(type: ResourceType, manifest: Manifest, options: { dryRun?: boolean } = {}): KubeObject {
    const admitted = admit(type, manifest);
    const { namespace, name } = admitted.metadata;
    this.#requireNamespace(type, namespace);
    if (this.get(type, namespace, name) !== undefined) {
      throw new ApiError(409, 'AlreadyExists', `${qualifiedName(type)} ${JSON.stringify(name)} already exists`);
    }
    const { deletionTimestamp, ...metadata } = admitted.metadata;
    const object: KubeObject = {
      ...admitted,
      metadata: {
        ...metadata,
        uid: randomUUID(),
        resourceVersion: '',
        generation: 1,
        creationTimestamp: kubeTime(this.#now()),
      },
    };
    return options.dryRun === true ? object : this.#put(type, object, undefined);
  }

  /**
   * @param wanted the whole object; a `metadata.resourceVersion` in it must be the present one
   * @throws ApiError 404, 409 Conflict, 422
   */
  replace(type: ResourceType, wanted: Manifest, options: { part?: WritePart; dryRun?: boolean } = {}): KubeObject {
    const { part = 'object' } = options;
    const { namespace, name, resourceVersion } = wanted.metadata;
    const present = this.#require(type, namespace, name);
    if (
      resourceVersion !== undefined &&
      resourceVersion !== '' &&
      resourceVersion !== present.metadata.resourceVersion
    ) {
      throw conflict(
        qualifiedName(type),
        name,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
    const object = keepServerFields(type, { wanted: part === 'object' ? admit(type, wanted) : wanted, present, part });
    if (options.dryRun === true || isSameJson(object, present)) return options.dryRun === true ? object : present;
    if (object.metadata.deletionTimestamp !== undefined && isFreeToGo(object)) return this.#drop(type, object, present);
    return this.#put(type, object, present);
  }

  /** Reads, changes and writes one object. @returns undefined when there is none, or `change` gives undefined */
  update(
    type: ResourceType,
    key: { namespace: string | undefined; name: string },
    change: (object: KubeObject) => KubeObject | undefined,
    part: WritePart = 'object',
  ): KubeObject | undefined {
    const present = this.get(type, key.namespace, key.name);
    if (present === undefined) return undefined;
    const wanted = change(present);
    return wanted === undefined ? undefined : this.replace(type, wanted, { part });
  }

  /**
   * Objects with finalizers, pods and namespaces are only marked: whoever looks after them takes them away.
   * @param options.graceSeconds 0 takes a pod away at once
   * @throws ApiError 404, or 409 when `uid` or `resourceVersion` differ
   */
  remove(
    type: ResourceType,
    key: { namespace: string | undefined; name: string },
    options: { graceSeconds?: number; uid?: string; resourceVersion?: string; dryRun?: boolean } = {},
  ): KubeObject {
    const present = this.#require(type, key.namespace, key.name);
    for (const field of ['uid', 'resourceVersion'] as const) {
      const wanted = options[field];
      if (wanted !== undefined && wanted !== present.metadata[field]) {
        throw conflict(qualifiedName(type), key.name, `the ${field} in the precondition (${wanted}) does not match`);
      }
    }
    if (options.dryRun === true) return present;
    const graceSeconds = options.graceSeconds ?? graceSecondsOf(present);
    if (isFreeToGo(present) && !(isEndedByController(present) && graceSeconds > 0)) {
      return this.#drop(type, present, present);
    }
    if (present.metadata.deletionTimestamp !== undefined) return present;
    const deletionTimestamp = kubeTime(new Date(this.#now().getTime() + graceSeconds * 1000));
    const metadata = { ...present.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
    return this.#put(type, { ...present, metadata }, present);
  }

  /** Events after `version`, or undefined when some of them are forgotten. */
  eventsSince(version: number): StoreEvent[] | undefined {
    return this.#window.since(version);
  }

  /** The listener runs within the write and must not throw. @returns a function that ends it */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(type: ResourceType, object: KubeObject, previous: KubeObject | undefined): KubeObject {
    this.#version += 1;
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(this.#version);
    this.#files.write(type, stored);
    this.#mapOf(type).set(keyOf(type, stored.metadata.namespace, stored.metadata.name), stored);
    const event: StoreEvent = {
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      resource: type,
      object: stored,
      version: this.#version,
    };
    this.#emit(previous === undefined ? event : { ...event, previous });
    return stored;
  }

  #drop(type: ResourceType, object: KubeObject, previous: KubeObject): KubeObject {
    this.#version += 1;
    const last = structuredClone(object);
    last.metadata.resourceVersion = String(this.#version);
    this.#files.remove(type, last);
    this.#mapOf(type).delete(keyOf(type, last.metadata.namespace, last.metadata.name));
    this.#emit({ type: 'DELETED', resource: type, object: last, previous, version: this.#version });
    return last;
  }

  #emit(event: StoreEvent): void {
    this.#window.add(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  #mapOf(type: ResourceType): Map<string, KubeObject> {
    const name = qualifiedName(type);
    const map = this.#objects.get(name) ?? new Map<string, KubeObject>();
    this.#objects.set(name, map);
    return map;
  }

  #require(type: ResourceType, namespace: string | undefined, name: string): KubeObject {
    const object = this.get(type, namespace, name);
    if (object === undefined) throw notFound(qualifiedName(type), name);
    return object;
  }

  #requireNamespace(type: ResourceType, namespace: string | undefined): void {
    if (!type.namespaced) return;
    const holder = this.get(typeOf('Namespace'), undefined, namespace ?? '');
    if (holder === undefined) throw notFound('namespaces', namespace ?? '');
    if (holder.metadata.deletionTimestamp !== undefined) {
      const problem = `unable to create new content in namespace ${namespace} because it is being terminated`;
      throw new ApiError(403, 'Forbidden', problem);
    }
  }

  /**
   * Versions start above the clock in milliseconds, so that they never repeat after a restart, not even those of
   * deletions, which leave no file. A watch from before the restart gets 410 Gone and lists again.
   */
  #load(): number {
    let version = this.#now().getTime();
    for (const object of this.#files.readAll()) {
      const type = findTypeByKind(object.apiVersion, object.kind);
      if (type === undefined) continue;
      this.#mapOf(type).set(keyOf(type, object.metadata.namespace, object.metadata.name), object);
      version = Math.max(version, Number(object.metadata.resourceVersion) + 1);
    }
    return version;
  }
}

/** The store's own key of an object within its type. */
function keyOf(type: ResourceType, namespace: string | undefined, name: string): string {
  return type.namespaced ? `${namespace ?? ''}/${name}` : name;
}

function sortKey(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function isFreeToGo(object: KubeObject): boolean {
  return (object.metadata.finalizers ?? []).length === 0;
}

function isEndedByController(object: KubeObject): boolean {
  return object.apiVersion === 'v1' && (object.kind === 'Pod' || object.kind === 'Namespace');
}

/** Pods get their own grace; a namespace any that is not 0, as it waits for what it holds. */
function graceSecondsOf(object: KubeObject): number {
  if (object.kind === 'Namespace') return 1;
  if (object.kind !== 'Pod') return 0;
  const seconds = (object.spec as { terminationGracePeriodSeconds?: number } | undefined)
    ?.terminationGracePeriodSeconds;
  return seconds ?? 30;
}
