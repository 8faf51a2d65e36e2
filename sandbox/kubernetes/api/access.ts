import type { KubeObject } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';

/** Who sends a request: the sandbox's own token may do everything, a service account what roles grant it. */
export type Caller = { kind: 'admin' } | { kind: 'service-account'; namespace: string; name: string };

/** One thing that a request wants to do, in RBAC's words. */
export interface Access {
  verb: string;
  group: string;
  /** With its subresource: `pods/log`. */
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
}

interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** Whether some role grants it: those of the namespace, and cluster-wide ones (kubernetes.io/docs/reference/access-authn-authz/rbac). */
export function isAllowed(store: ObjectStore, caller: Caller, access: Access): boolean {
  return caller.kind === 'admin' || rulesFor(store, caller, access.namespace).some((rule) => grants(rule, access));
}

export function userName(caller: Caller): string {
  return caller.kind === 'admin' ? 'sandbox-admin' : `system:serviceaccount:${caller.namespace}:${caller.name}`;
}

function rulesFor(
  store: ObjectStore,
  caller: Extract<Caller, { kind: 'service-account' }>,
  namespace: string | undefined,
): Rule[] {
  const clusterWide = store.list(typeOf('ClusterRoleBinding'));
  const local = namespace === undefined ? [] : store.list(typeOf('RoleBinding'), namespace);
  return [...clusterWide, ...local]
    .filter((binding) => isBoundTo(binding, caller))
    .flatMap((binding) => rulesOf(store, binding));
}

function isBoundTo(binding: KubeObject, caller: Extract<Caller, { kind: 'service-account' }>): boolean {
  const subjects = (binding.subjects ?? []) as { kind: string; name: string; namespace?: string }[];
  return subjects.some(
    ({ kind, name, namespace = binding.metadata.namespace }) =>
      kind === 'ServiceAccount' && name === caller.name && namespace === caller.namespace,
  );
}

function rulesOf(store: ObjectStore, binding: KubeObject): Rule[] {
  const { kind, name } = binding.roleRef as { kind: string; name: string };
  const namespace = kind === 'Role' ? binding.metadata.namespace : undefined;
  const role = store.get(typeOf(kind === 'Role' ? 'Role' : 'ClusterRole'), namespace, name);
  return (role?.rules ?? []) as Rule[];
}

function grants(rule: Rule, { verb, group, resource, name }: Access): boolean {
  const includes = (list: string[] = [], value: string) => list.includes('*') || list.includes(value);
  const { resourceNames = [] } = rule;
  return (
    includes(rule.verbs, verb) &&
    includes(rule.apiGroups, group) &&
    includes(rule.resources, resource) &&
    (resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name)))
  );
}
