/** One rule of the bot's Roles: what is asked of one kind of object, and what for. */
export interface NeededRight {
  /** Which of the two namespaces. */
  in: 'argocd' | 'servers';
  /** Empty for the core group. */
  group: string;
  /** With its subresource: `pods/log`. */
  resource: string;
  verbs: readonly string[];
}

/**
 * Every right that the bot and `mcp-hosting doctor` use. `kustomize/platform/rbac.yaml` and docs/configuration.md say the
 * same, which tests compare.
 */
export const NEEDED_RIGHTS: readonly NeededRight[] = [
  { in: 'argocd', group: 'argoproj.io', resource: 'applications', verbs: ['get', 'list', 'watch', 'patch'] },
  { in: 'argocd', group: 'argoproj.io', resource: 'applicationsets', verbs: ['get', 'patch'] },
  { in: 'argocd', group: 'argoproj.io', resource: 'appprojects', verbs: ['get'] },
  { in: 'servers', group: '', resource: 'pods', verbs: ['list', 'patch'] },
  { in: 'servers', group: '', resource: 'pods/log', verbs: ['get'] },
  { in: 'servers', group: '', resource: 'secrets', verbs: ['get', 'list', 'create', 'patch', 'delete'] },
  { in: 'servers', group: 'apps', resource: 'deployments', verbs: ['get', 'patch'] },
];
