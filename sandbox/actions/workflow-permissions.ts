import { workflowInvalid } from './workflow-error.ts';

type Access = 'none' | 'read' | 'write';
/** By scope (`contents`, `packages` …); a scope that is not named has none. */
export type Permissions = Record<string, Access>;

const RANK: Record<Access, number> = { none: 0, read: 1, write: 2 };
/** What a token may by GitHub's restricted default, when the file says nothing. */
const DEFAULT_PERMISSIONS: Permissions = { contents: 'read', packages: 'read', metadata: 'read' };
const EVERY_SCOPE = [
  'actions',
  'checks',
  'contents',
  'deployments',
  'id-token',
  'issues',
  'packages',
  'pull-requests',
  'statuses',
];

/** @returns null where `permissions` is absent. @throws UserError `workflow-invalid` */
export function evaluatePermissions(path: string, value: unknown): Permissions | null {
  if (value === undefined) return null;
  if (value === 'read-all' || value === 'write-all') {
    const access = value === 'read-all' ? 'read' : 'write';
    return Object.fromEntries(EVERY_SCOPE.map((scope) => [scope, access]));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw workflowInvalid(path, '"permissions" is no mapping', 'scopes with read, write or none');
  }
  const entries = Object.entries(value).map(([scope, access]): [string, Access] => {
    if (access === 'none' || access === 'read' || access === 'write') return [scope, access];
    throw workflowInvalid(path, `permission "${scope}: ${String(access)}"`, 'read, write or none');
  });
  return Object.fromEntries(entries);
}

/**
 * Finds what a called workflow asks for beyond what its caller has. GitHub does not start such a run: "The nested job is
 * requesting 'packages: write', but is only allowed 'packages: read'".
 *
 * @param granted null: the caller says nothing, so GitHub's restricted default is taken
 */
export function permissionsMissing(granted: Permissions | null, requested: Permissions | null): string[] {
  const have = granted ?? DEFAULT_PERMISSIONS;
  return Object.entries(requested ?? {})
    .filter(([scope, access]) => RANK[access] > RANK[have[scope] ?? 'none'])
    .map(([scope, access]) => `${scope}: ${access}`);
}
