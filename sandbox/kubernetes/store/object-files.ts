import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from './kube-object.ts';
import { qualifiedName, type ResourceType } from './resource-type.ts';

/** One JSON file per object, replaced atomically, so that a killed process loses nothing that it has confirmed. */
export interface ObjectFiles {
  readAll(): KubeObject[];
  write(type: ResourceType, object: KubeObject): void;
  remove(type: ResourceType, object: KubeObject): void;
}

/**
 * Files are written synchronously: one is a few kilobytes, and an answer may only be sent once the object is on disk.
 * They hold Secrets, so only their owner may read them.
 */
export function createObjectFiles(dir: string, log: (line: string) => void): ObjectFiles {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return {
    readAll: () => readAll(dir, log),
    write(type, object) {
      const path = pathOf(dir, type, object);
      mkdirSync(join(dir, qualifiedName(type)), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify(object), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    remove: (type, object) => rmSync(pathOf(dir, type, object), { force: true }),
  };
}

function pathOf(dir: string, type: ResourceType, object: KubeObject): string {
  const { namespace = '', name } = object.metadata;
  return join(dir, qualifiedName(type), `${encodeURIComponent(namespace)}+${encodeURIComponent(name)}.json`);
}

function readAll(dir: string, log: (line: string) => void): KubeObject[] {
  const objects: KubeObject[] = [];
  for (const folder of readdirSync(dir)) {
    for (const file of readdirSync(join(dir, folder))) {
      if (!file.endsWith('.json')) continue;
      const object = readObject(join(dir, folder, file));
      if (object === undefined) log(`Ignored ${folder}/${file}: not a stored object`);
      else objects.push(object);
    }
  }
  return objects;
}

function readObject(path: string): KubeObject | undefined {
  try {
    const object = JSON.parse(readFileSync(path, 'utf8'));
    return typeof object?.metadata?.uid === 'string' ? object : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
