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
 * on its top level. A kustomization that only lists files is put together here, whatever kinds they hold; one that
 * changes them goes to the renderer of overlays, which refuses what it does not know.
 *
 * @throws Error in words for people, for whatever is no manifest
 */
export function renderSource(files: Record<string, string>): RenderedSource {
  if (kustomizationFiles.some((file) => Object.hasOwn(files, file))) {
    const listed = listedFiles(files);
    const manifests = listed?.flatMap((path) => parseManifests(path, files[path] ?? '')) ?? renderKustomization(files);
    return { sourceType: 'Kustomize', manifests: manifests.map(checkManifest) };
  }
  const manifests = Object.entries(files)
    .filter(([path]) => /^[^/]+\.(ya?ml|json)$/.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) => parseManifests(path, text));
  return { sourceType: 'Directory', manifests };
}

/** @returns the files of a kustomization that does nothing but list files beside it, undefined for any other */
function listedFiles(files: Record<string, string>): string[] | undefined {
  const documents = parseAllDocuments(files['kustomization.yaml'] ?? '');
  const kustomization: unknown = Array.isArray(documents) && documents.length === 1 ? documents[0]?.toJS() : undefined;
  if (!isRecord(kustomization) || !Array.isArray(kustomization.resources)) return undefined;
  const isPlain = Object.keys(kustomization).every((key) => ['apiVersion', 'kind', 'resources'].includes(key));
  const resources: unknown[] = kustomization.resources;
  const isListing = resources.every((path): path is string => typeof path === 'string' && Object.hasOwn(files, path));
  return isPlain && isListing ? resources : undefined;
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
