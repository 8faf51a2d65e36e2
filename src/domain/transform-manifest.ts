import type { ReadableKustomization } from './read-kustomization.ts';
import type { Manifest } from './read-manifests.ts';

/** One manifest with a kustomization's namespace, labels, replicas and images applied; the input is left as it is. */
export function transformManifest(manifest: Manifest, kustomization: ReadableKustomization): Manifest {
  const result = structuredClone(manifest);
  if (kustomization.namespace) result.metadata.namespace = kustomization.namespace;
  for (const { pairs, includeTemplates } of kustomization.labels) {
    addLabels(result.metadata, pairs);
    if (includeTemplates && result.kind === 'Deployment')
      addLabels(mappingIn(mappingIn(mappingIn(result, 'spec'), 'template'), 'metadata'), pairs);
  }
  if (result.kind !== 'Deployment') return result;
  const spec = mappingIn(result, 'spec');
  for (const { name, count } of kustomization.replicas) {
    if (name === manifest.metadata.name) spec.replicas = count;
  }
  const podSpec = mappingIn(mappingIn(spec, 'template'), 'spec');
  for (const container of [podSpec.containers, podSpec.initContainers].flat()) {
    if (isMapping(container) && typeof container.image === 'string')
      container.image = pinImage(container.image, kustomization.images);
  }
  return result;
}

type Mapping = Record<string, unknown>;

function addLabels(holder: Mapping, pairs: Record<string, string>): void {
  if (Object.keys(pairs).length > 0) Object.assign(mappingIn(holder, 'labels'), pairs);
}

/** The mapping under a key, made when absent. */
function mappingIn(holder: Mapping, key: string): Mapping {
  const value = holder[key];
  if (isMapping(value)) return value;
  const made: Mapping = {};
  holder[key] = made;
  return made;
}

/** An entry applies to images of its name, whatever their tag; a digest takes the tag's place. */
function pinImage(image: string, entries: ReadableKustomization['images']): string {
  let pinned = image;
  for (const entry of entries) {
    const { name, suffix } = splitImage(pinned);
    if (name !== entry.name) continue;
    const tag = entry.newTag ? `:${entry.newTag}` : '';
    const digest = entry.digest ? `@${entry.digest}` : '';
    pinned = (entry.newName ?? name) + (tag || digest ? tag + digest : suffix);
  }
  return pinned;
}

/** A colon before the last slash belongs to the registry's port. */
function splitImage(image: string): { name: string; suffix: string } {
  const slash = image.lastIndexOf('/', image.includes('@') ? image.indexOf('@') : image.length);
  const match = /[:@]/.exec(image.slice(slash + 1));
  if (!match) return { name: image, suffix: '' };
  const at = slash + 1 + match.index;
  return { name: image.slice(0, at), suffix: image.slice(at) };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
