import type { KubeObject } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import type { Container, EnvironmentEntry, Pod } from './pod.ts';

export type ContainerEnvironment =
  | {
      kind: 'complete';
      /** Written in the manifest. */
      literal: Record<string, string>;
      /** From Secrets and ConfigMaps; never looked into, never logged. */
      referenced: Record<string, string>;
    }
  | { kind: 'incomplete'; message: string };

/** Collects `env` and `envFrom`. Messages are those of the kubelet's `CreateContainerConfigError`. */
export function readContainerEnvironment(store: ObjectStore, pod: Pod, container: Container): ContainerEnvironment {
  const literal: Record<string, string> = {};
  const referenced: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    const reference = source.secretRef ?? source.configMapRef;
    if (reference === undefined) continue;
    const kind = source.secretRef === undefined ? 'ConfigMap' : 'Secret';
    const object = store.get(typeOf(kind), pod.metadata.namespace, reference.name);
    if (object === undefined) {
      if (reference.optional === true) continue;
      return { kind: 'incomplete', message: `${kind.toLowerCase()} "${reference.name}" not found` };
    }
    for (const key of Object.keys(dataOf(object))) {
      referenced[`${source.prefix ?? ''}${key}`] = readKey(object, key) ?? '';
    }
  }
  for (const entry of container.env ?? []) {
    const problem = addEntry(store, { pod, entry, literal, referenced });
    if (problem !== undefined) return { kind: 'incomplete', message: problem };
  }
  return { kind: 'complete', literal, referenced };
}

/** @returns what is missing, in the kubelet's words */
function addEntry(
  store: ObjectStore,
  target: { pod: Pod; entry: EnvironmentEntry; literal: Record<string, string>; referenced: Record<string, string> },
): string | undefined {
  const { pod, entry, literal, referenced } = target;
  const { secretKeyRef, configMapKeyRef, fieldRef } = entry.valueFrom ?? {};
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference === undefined) {
    literal[entry.name] =
      fieldRef === undefined ? expand(entry.value ?? '', literal) : readField(pod, fieldRef.fieldPath);
    return undefined;
  }
  const kind = secretKeyRef === undefined ? 'ConfigMap' : 'Secret';
  const object = store.get(typeOf(kind), pod.metadata.namespace, reference.name);
  const value = object === undefined ? undefined : readKey(object, reference.key);
  if (value !== undefined) referenced[entry.name] = value;
  else if (reference.optional === true) return undefined;
  else if (object === undefined) return `${kind.toLowerCase()} "${reference.name}" not found`;
  else return `couldn't find key ${reference.key} in ${kind} ${pod.metadata.namespace}/${reference.name}`;
  return undefined;
}

function dataOf(object: KubeObject): Record<string, string> {
  return (object.data as Record<string, string> | undefined) ?? {};
}

function readKey(object: KubeObject, key: string): string | undefined {
  const data = dataOf(object);
  if (!Object.hasOwn(data, key)) return undefined;
  const value = data[key] ?? '';
  return object.kind === 'Secret' ? Buffer.from(value, 'base64').toString('utf8') : value;
}

/** `$(NAME)` of variables before it; `$$(NAME)` stays as `$(NAME)`. */
function expand(value: string, known: Record<string, string>): string {
  return value.replace(/\$(\$?)\(([A-Za-z_][\w.-]*)\)/g, (all, escaped, name) =>
    escaped === '$' ? all.slice(1) : Object.hasOwn(known, name) ? (known[name] ?? '') : all,
  );
}

function readField(pod: Pod, path: string): string {
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'status.podIP': '127.0.0.1',
    'status.hostIP': '127.0.0.1',
    'spec.nodeName': 'sandbox',
  };
  const key = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (key !== null) return pod.metadata[key[1] as 'labels' | 'annotations']?.[key[2] ?? ''] ?? '';
  return fields[path] ?? '';
}
