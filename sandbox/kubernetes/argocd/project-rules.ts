import type { KubeObject, Manifest } from '../store/kube-object.ts';
import { findTypeByKind } from '../store/resource-type.ts';
import type { Application } from './application.ts';
import { identityOf } from './compare-resources.ts';
import { isPermitted, matchesGlob } from './match-path.ts';

interface GroupKind {
  group: string;
  kind: string;
}

interface ProjectSpec {
  sourceRepos?: string[];
  destinations?: { server?: string; name?: string; namespace?: string }[];
  clusterResourceWhitelist?: GroupKind[];
  clusterResourceBlacklist?: GroupKind[];
  namespaceResourceWhitelist?: GroupKind[];
  namespaceResourceBlacklist?: GroupKind[];
}

/** @returns what the AppProject forbids of the Application as a whole, in Argo CD's words; undefined when nothing. Pure. */
export function projectProblem(application: Application, project: KubeObject | undefined): string | undefined {
  const { spec } = application;
  if (project === undefined) {
    return `Application referencing project ${spec.project} which does not exist`;
  }
  const rules = (project.spec ?? {}) as ProjectSpec;
  if (!isPermitted(rules.sourceRepos ?? [], spec.source.repoURL)) {
    return `application repo ${spec.source.repoURL} is not permitted in project '${spec.project}'`;
  }
  if (!isDestination(rules, spec.destination, spec.destination.namespace ?? '')) {
    const { server = '', namespace = '' } = spec.destination;
    return `application destination server '${server}' and namespace '${namespace}' do not match any of the allowed destinations in project '${spec.project}'`;
  }
  return undefined;
}

/** @returns why one resource may not be synced, undefined when it may. Pure. */
export function resourceProblem(application: Application, project: KubeObject, manifest: Manifest): string | undefined {
  const rules = (project.spec ?? {}) as ProjectSpec;
  const { group, kind, namespace } = identityOf(manifest);
  const type = findTypeByKind(manifest.apiVersion, manifest.kind);
  if (type === undefined) {
    const version = identityOf(manifest).version;
    return `The Kubernetes API could not find ${group}/${kind} for requested resource ${namespace}/${manifest.metadata.name}. Make sure the "${kind}" CRD of version ${version} is installed on the destination cluster.`;
  }
  const lists = type.namespaced
    ? { allowed: rules.namespaceResourceWhitelist, denied: rules.namespaceResourceBlacklist }
    : { allowed: rules.clusterResourceWhitelist ?? [], denied: rules.clusterResourceBlacklist };
  const isListed = (list: GroupKind[]) =>
    list.some((each) => matchesGlob(each.group, group) && matchesGlob(each.kind, kind));
  if ((lists.allowed !== undefined && !isListed(lists.allowed)) || isListed(lists.denied ?? [])) {
    return `resource ${group}:${kind} is not permitted in project ${application.spec.project}`;
  }
  if (type.namespaced && !isDestination(rules, application.spec.destination, namespace)) {
    return `namespace ${namespace} is not permitted in project '${application.spec.project}'`;
  }
  return undefined;
}

function isDestination(rules: ProjectSpec, wanted: { server?: string; name?: string }, namespace: string): boolean {
  return (rules.destinations ?? []).some((each) => {
    const isServer =
      wanted.server !== undefined
        ? matchesGlob(each.server ?? '', wanted.server)
        : matchesGlob(each.name ?? '', wanted.name ?? 'in-cluster');
    return isServer && isPermitted([each.namespace ?? ''], namespace);
  });
}
