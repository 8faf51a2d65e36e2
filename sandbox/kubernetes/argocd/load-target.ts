import type { Manifest } from '../store/kube-object.ts';
import { findTypeByKind } from '../store/resource-type.ts';
import type { Application } from './application.ts';
import type { GitRepository } from './git-repository.ts';
import { type RenderedSource, renderSource } from './render-source.ts';

export interface TargetState extends RenderedSource {
  revision: string;
}

/** Rendered directories that are kept, so that a commit which touches one server renders that one only. */
const cachedTreesMax = 500;

/**
 * What git wants of an Application, as of the last poll.
 * @throws Error with the message of Argo CD's ComparisonError
 */
export function createTargetLoader(
  open: (url: string) => Promise<GitRepository>,
): (application: Application) => Promise<TargetState> {
  const cache = new Map<string, RenderedSource>();

  return async (application) => {
    const { source, destination } = application.spec;
    const path = source.path ?? '.';
    const repository = await opened(open, source.repoURL);
    const revision = repository.resolve(source.targetRevision ?? 'HEAD');
    if (revision === undefined) throw failure(`unable to resolve '${source.targetRevision}' to a commit SHA`);
    const tree = path === '.' ? revision : await repository.treeOf(revision, path);
    if (tree === undefined) throw failure(`${path}: app path does not exist`);
    const rendered = cache.get(tree) ?? (await render(repository, tree));
    cache.set(tree, rendered);
    if (cache.size > cachedTreesMax) cache.delete(cache.keys().next().value ?? '');
    const manifests = rendered.manifests.map((manifest) => inNamespace(manifest, destination.namespace));
    return { sourceType: rendered.sourceType, manifests, revision };
  };
}

async function opened(open: (url: string) => Promise<GitRepository>, url: string): Promise<GitRepository> {
  try {
    return await open(url);
  } catch (error) {
    throw failure(`failed to list refs: ${(error as Error).message}`);
  }
}

async function render(repository: GitRepository, tree: string): Promise<RenderedSource> {
  try {
    return renderSource(await repository.files(tree));
  } catch (error) {
    throw failure((error as Error).message);
  }
}

function inNamespace(manifest: Manifest, namespace: string | undefined): Manifest {
  const type = findTypeByKind(manifest.apiVersion, manifest.kind);
  if (namespace === undefined || type?.namespaced === false || manifest.metadata.namespace !== undefined)
    return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
}

function failure(message: string): Error {
  const prefix =
    'Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc =';
  return new Error(`${prefix} ${message}`);
}
