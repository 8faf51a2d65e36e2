import type { KubeObject } from '../store/kube-object.ts';
import { resourcesFinalizer } from './application.ts';
import type { GitRepository } from './git-repository.ts';
import { matchesPath } from './match-path.ts';
import { directoryParameters, renderTemplate } from './render-template.ts';

interface GitGenerator {
  repoURL: string;
  revision?: string;
  directories?: { path: string; exclude?: boolean }[];
}

export interface ApplicationSet extends KubeObject {
  spec: {
    goTemplate?: boolean;
    generators?: { git?: GitGenerator; [other: string]: unknown }[];
    template: {
      metadata: {
        name: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
        finalizers?: string[];
      };
      spec: object;
    };
    syncPolicy?: { preserveResourcesOnDeletion?: boolean };
  };
}

/**
 * Renders one Application for every directory that the git generators find, with Argo CD's finalizer, so that deleting
 * one prunes what it made.
 *
 * @throws Error for other generators, an unreachable repository, unknown revisions, bad templates and doubled names
 */
export async function generateApplications(
  set: ApplicationSet,
  open: (url: string) => Promise<GitRepository>,
): Promise<KubeObject[]> {
  const applications = new Map<string, KubeObject>();
  for (const generator of set.spec.generators ?? []) {
    if (generator.git?.directories === undefined) {
      throw new Error('the sandbox runs the git directory generator only');
    }
    for (const path of await directoriesOf(generator.git, open)) {
      const application = renderApplication(set, path);
      const { name } = application.metadata;
      if (applications.has(name))
        throw new Error(`ApplicationSet ${set.metadata.name} contains applications with duplicate name: ${name}`);
      applications.set(name, application);
    }
  }
  return [...applications.values()];
}

async function directoriesOf(
  generator: GitGenerator,
  open: (url: string) => Promise<GitRepository>,
): Promise<string[]> {
  const repository = await open(generator.repoURL);
  const revision = generator.revision ?? 'HEAD';
  const sha = repository.resolve(revision);
  if (sha === undefined) throw new Error(`unable to resolve '${revision}' to a commit SHA`);
  const patterns = generator.directories ?? [];
  return (await repository.directories(sha)).filter((path) => {
    const matching = patterns.filter((pattern) => matchesPath(pattern.path, path));
    const isHidden = path.split('/').some((segment) => segment.startsWith('.'));
    return !isHidden && matching.length > 0 && !matching.some((pattern) => pattern.exclude === true);
  });
}

function renderApplication(set: ApplicationSet, path: string): KubeObject {
  const { metadata, spec } = renderTemplate(set.spec.template, directoryParameters(path), set.spec.goTemplate === true);
  const isKept = set.spec.syncPolicy?.preserveResourcesOnDeletion === true;
  const finalizers = metadata.finalizers ?? (isKept ? [] : [resourcesFinalizer]);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      ...metadata,
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      finalizers,
    } as KubeObject['metadata'],
    spec,
  };
}
