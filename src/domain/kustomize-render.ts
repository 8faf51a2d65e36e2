import { notRenderable } from './not-renderable.ts';
import { readKustomization } from './read-kustomization.ts';
import { type Manifest, OVERLAY_KINDS, readManifests } from './read-manifests.ts';
import { transformManifest } from './transform-manifest.ts';
import { writeYaml } from './write-yaml.ts';

/**
 * Renders an overlay to the manifests that `kubectl kustomize` would give, in the same order: what our own overlays use
 * (resources, images, replicas, labels, namespace) and nothing else. Whatever kustomize might read in another way is
 * refused, so a result is never wrong, only absent.
 *
 * @param files the overlay's files by name; those that the kustomization does not list are not read
 * @param kinds what may be there, as `apiVersion kind`
 * @throws UserError `overlay-not-renderable`
 */
export function renderKustomization(files: Readonly<Record<string, string>>, kinds = OVERLAY_KINDS): Manifest[] {
  return renderWithOrigins(files, kinds)
    .map(({ manifest }) => manifest)
    .sort(inKustomizeOrder);
}

/** A rendered manifest, and the document that it was rendered from. */
export interface RenderedManifest {
  manifest: Manifest;
  file: string;
  /** Among the documents of the file that are not empty. */
  document: number;
}

/** As `renderKustomization`, in the order in which the manifests are written. */
export function renderWithOrigins(
  files: Readonly<Record<string, string>>,
  kinds: readonly string[] = OVERLAY_KINDS,
): RenderedManifest[] {
  const kustomization = readKustomization(files);
  const read = kustomization.resources.flatMap((file) => {
    const text = Object.hasOwn(files, file) ? files[file] : undefined;
    if (text === undefined)
      throw notRenderable('kustomization.yaml', `the resource "${file}" is not there`, 'a file beside it');
    return readManifests(text, file, kinds).map((manifest, document) => ({ manifest, file, document }));
  });
  const manifests = read.map(({ manifest }) => manifest);
  assertUnique(manifests);
  for (const { name } of kustomization.replicas) {
    if (!manifests.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name)) {
      throw notRenderable(
        'kustomization.yaml',
        `replicas names "${name}", which no resource has`,
        'the name of a Deployment',
      );
    }
  }
  return read.map((origin) => ({ ...origin, manifest: transformManifest(origin.manifest, kustomization) }));
}

/** The text that `kubectl kustomize` prints. */
export function renderKustomizationYaml(files: Readonly<Record<string, string>>): string {
  return renderKustomization(files).map(manifestYaml).join('---\n');
}

export function manifestYaml(manifest: Manifest): string {
  return writeYaml(manifest, 'kustomize');
}

function assertUnique(manifests: Manifest[]): void {
  const seen = new Set<string>();
  for (const { kind, metadata } of manifests) {
    const id = `${kind} ${metadata.name}`;
    if (seen.has(id)) throw notRenderable('kustomization.yaml', `${id} stands twice in its resources`, 'once');
    seen.add(id);
  }
}

/** These come first, as kustomize applies them; the rest by group, version and kind. */
const KINDS_FIRST = ['Namespace', 'ResourceQuota', 'Service', 'LimitRange', 'Deployment', 'PodDisruptionBudget'];

function inKustomizeOrder(a: Manifest, b: Manifest): number {
  const rank = ({ kind }: Manifest) => (KINDS_FIRST.includes(kind) ? KINDS_FIRST.indexOf(kind) : KINDS_FIRST.length);
  const key = ({ apiVersion, kind, metadata }: Manifest) => `${apiVersion.replace('/', '_')}_${kind}|${metadata.name}`;
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return key(a) < key(b) ? -1 : 1;
}
