import { ApiError } from '../store/api-error.ts';
import type { KubeObject, Manifest } from '../store/kube-object.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

/** Patch formats of the API server. Server-side apply merges without field ownership, which is a limit of this sandbox. */
const patches: Readonly<Record<string, (target: unknown, patch: unknown) => unknown>> = {
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': strategicMergePatch,
  'application/json-patch+json': jsonPatch,
  'application/apply-patch+yaml': strategicMergePatch,
};

export function isServerSideApply(contentType: string): boolean {
  return contentType === 'application/apply-patch+yaml';
}

/** @throws ApiError 415 for another content type, 400 or 422 for a patch that does not fit */
export function applyPatch(present: KubeObject, patch: unknown, contentType: string): Manifest {
  const apply = patches[contentType];
  if (apply === undefined) {
    const known = Object.keys(patches).join(', ');
    const problem = `the body of the request was in an unknown format - accepted media types include: ${known}`;
    throw new ApiError(415, 'UnsupportedMediaType', problem);
  }
  const patched = apply(present, patch) as Manifest;
  if (patched?.metadata?.name !== present.metadata.name || patched.metadata.namespace !== present.metadata.namespace) {
    throw new ApiError(400, 'BadRequest', 'the name and namespace of an object cannot be changed');
  }
  return patched;
}
