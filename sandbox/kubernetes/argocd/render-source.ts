import { parseAllDocuments } from 'yaml';
import { renderKustomization } from '../../../src/domain/kustomize-render.ts';
import { isRecord } from '../api/merge-patch.ts';
import type { Manifest } from '../store/kube-object.ts';

/** How Argo CD tells that a directory is Kustomize's. */
const kustomizationFiles = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

export interface RenderedSource {
  sourceType: 'Kustomize' | 'Directory';
  manifests: Manifest[];
}

/**
 * Turns the files of a directory into manifests: Kustomize where there is a kustomization, else every YAML and JSON file
 * on its top level.
 *
 * @throws Error in words for people, for whatever is no manifest
 */
export function renderSource(files: Record<string, string>): RenderedSource {
  if (kustomizationFiles.some((file) => Object.hasOwn(files, file))) {
    return { sourceType: 'Kustomize', manifests: renderKustomization(files).map(checkManifest) };
  }
  const manifests = Object.entries(files)
    .filter(([path]) => /^[^/]+\.(ya?ml|json)$/.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) => parseManifests(path, text));
  return { sourceType: 'Directory', manifests };
}

function parseManifests(path: string, text: string): Manifest[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const problem = document.errors[0];
    if (problem !== undefined) throw new Error(`failed to unmarshal "${path}": ${problem.message}`);
    const value = document.toJS({ maxAliasCount: 100 });
    return value === null ? [] : [checkManifest(value)];
  });
}

function checkManifest(value: unknown): Manifest {
  if (!isRecord(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string') {
    throw new Error('Object without "apiVersion" or "kind" in the manifests');
  }
  if (!isRecord(value.metadata) || typeof value.metadata.name !== 'string') {
    throw new Error(`${value.kind} without "metadata.name" in the manifests`);
  }
  return value as unknown as Manifest;
}
