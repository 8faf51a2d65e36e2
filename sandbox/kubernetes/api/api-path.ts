import { findTypeByPath, type ResourceType } from '../store/resource-type.ts';

/** A path below `/api/v1` or `/apis/<group>/<version>`. */
export interface ResourcePath {
  type: ResourceType;
  /** Absent for objects without one, and for lists across all. */
  namespace?: string;
  /** Absent for lists and creation. */
  name?: string;
  subresource?: string;
}

/** @returns undefined when the path names no resource that is known */
export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const parts = decodeParts(pathname);
  if (parts === undefined) return undefined;
  const apiVersion = parts[0] === 'api' ? parts[1] : parts[0] === 'apis' ? `${parts[1]}/${parts[2]}` : undefined;
  if (apiVersion === undefined) return undefined;
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  if (rest[0] === 'namespaces' && rest.length >= 3 && rest[2] !== 'status' && rest[2] !== 'finalize') {
    return pathTo(apiVersion, rest.slice(2), rest[1]);
  }
  return pathTo(apiVersion, rest, undefined);
}

function pathTo(apiVersion: string, parts: string[], namespace: string | undefined): ResourcePath | undefined {
  const [plural, name, subresource, ...more] = parts;
  const type = plural === undefined ? undefined : findTypeByPath(apiVersion, plural);
  if (type === undefined || more.length > 0 || (namespace !== undefined && !type.namespaced)) return undefined;
  if (type.namespaced && name !== undefined && namespace === undefined) return undefined;
  return {
    type,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function decodeParts(pathname: string): string[] | undefined {
  try {
    return pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    // A malformed escape names nothing.
    return undefined;
  }
}
