import { ApiError, badRequest } from '../store/api-error.ts';
import { isRecord } from './merge-patch.ts';

/** The API server's own limit of operations in one patch. */
const operationsMax = 10_000;

/**
 * RFC 6902 on a copy of `target`.
 * @throws ApiError 400 for a malformed patch, 422 when a path or test does not hold
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  if (patch.length > operationsMax) throw badRequest(`a JSON patch may hold ${operationsMax} operations at most`);
  const root = { document: structuredClone(target) };
  for (const operation of patch) applyOperation(root, operation);
  return root.document;
}

interface Root {
  document: unknown;
}

function applyOperation(root: Root, operation: unknown): void {
  if (!isRecord(operation) || typeof operation.path !== 'string') throw badRequest('malformed JSON patch operation');
  const path = parsePointer(operation.path);
  switch (operation.op) {
    case 'add':
      return write(root, path, structuredClone(operation.value), 'add');
    case 'replace':
      read(root, path);
      return write(root, path, structuredClone(operation.value), 'replace');
    case 'remove':
      return removeAt(root, path);
    case 'test':
      if (JSON.stringify(read(root, path)) !== JSON.stringify(operation.value))
        throw failed(`test of ${operation.path}`);
      return;
    case 'move':
    case 'copy': {
      const from = parsePointer(String(operation.from));
      const value = structuredClone(read(root, from));
      if (operation.op === 'move') removeAt(root, from);
      return write(root, path, value, 'add');
    }
    default:
      throw badRequest(`unknown JSON patch operation ${JSON.stringify(operation.op)}`);
  }
}

function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw badRequest(`malformed JSON pointer ${JSON.stringify(pointer)}`);
  const keys = pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keys.includes('__proto__')) throw badRequest('malformed JSON pointer');
  return keys;
}

function read(root: Root, path: string[]): unknown {
  let value = root.document;
  for (const key of path) {
    if (Array.isArray(value) && indexIn(value, key) < value.length) value = value[indexIn(value, key)];
    else if (isRecord(value) && Object.hasOwn(value, key)) value = value[key];
    else throw failed(`path /${path.join('/')}`);
  }
  return value;
}

function write(root: Root, path: string[], value: unknown, mode: 'add' | 'replace'): void {
  const key = path.at(-1);
  if (key === undefined) {
    root.document = value;
    return;
  }
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : indexIn(parent, key);
    parent.splice(index, mode === 'add' ? 0 : 1, value);
  } else if (isRecord(parent)) parent[key] = value;
  else throw failed(`path /${path.join('/')}`);
}

function removeAt(root: Root, path: string[]): void {
  read(root, path);
  const key = path.at(-1);
  if (key === undefined) throw failed('removal of the whole document');
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(indexIn(parent, key), 1);
  else delete (parent as Record<string, unknown>)[key];
}

function indexIn(list: unknown[], key: string): number {
  const index = /^(0|[1-9]\d{0,6})$/.test(key) ? Number(key) : Number.NaN;
  if (Number.isNaN(index) || index > list.length) throw failed(`index ${JSON.stringify(key)}`);
  return index;
}

function failed(what: string): ApiError {
  return new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${what} failed`);
}
