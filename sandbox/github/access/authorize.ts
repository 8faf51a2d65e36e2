import { GitHubError, notFound } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { AccessToken, Repository, Role } from '../store/entities.ts';
import type { Actor } from './actor.ts';
import { roleAtLeast, roleOf } from './roles.ts';

/** What an operation on a repository needs: of a person a role, of an App or a workflow run a permission. */
export interface Need {
  role: Role;
  /** e.g. `issues:write`; several are alternatives, as GitHub lists them. */
  app: `${string}:${'read' | 'write'}`[];
}

export function need(role: Role, ...app: Need['app']): Need {
  return { role, app };
}

/** Whether the actor may know that the repository exists. */
export function canSee(hub: Hub, repository: Repository, actor: Actor): boolean {
  if (!repository.private) return true;
  if (actor.kind === 'person') return roleOf(hub, repository, actor.account) !== 'none';
  if (actor.kind === 'installation') return covers(actor, repository);
  // Repositories of one owner may share workflows, so a run reads them all.
  if (actor.kind === 'actions') return ownerOfRun(hub, actor.token) === repository.ownerId;
  return false;
}

/** @throws GitHubError NOT_FOUND where it is hidden, FORBIDDEN or UNAUTHENTICATED where the actor may not do this */
export function authorize(hub: Hub, repository: Repository, actor: Actor, needed: Need): void {
  if (!canSee(hub, repository, actor)) throw notFound();
  const reading = needed.app.every((permission) => permission.endsWith(':read')) && needed.role === 'read';
  if (reading && !repository.private) return;
  switch (actor.kind) {
    case 'person':
      return authorizeRole(roleOf(hub, repository, actor.account), needed.role);
    case 'installation':
      return authorizeApp(covers(actor, repository), actor.token.permissions, needed);
    case 'actions': {
      const own = actor.token.repositoryIds?.includes(repository.id) ?? false;
      return authorizeApp(own || reading, actor.token.permissions, needed);
    }
    case 'app':
      throw new GitHubError('FORBIDDEN', 'Resource not accessible by integration');
    default:
      throw new GitHubError('UNAUTHENTICATED', 'Requires authentication');
  }
}

/** Whether a person's role or a token's permissions suffice, without an error. */
export function mayDo(hub: Hub, repository: Repository, actor: Actor, needed: Need): boolean {
  try {
    authorize(hub, repository, actor, needed);
    return true;
  } catch (error) {
    if (error instanceof GitHubError) return false;
    throw error;
  }
}

/** An App may write workflow files only with a permission of their own. @throws GitHubError FORBIDDEN */
export function authorizePaths(actor: Actor, paths: readonly string[]): void {
  if (actor.kind !== 'installation' && actor.kind !== 'actions') return;
  if (actor.token.permissions.workflows === 'write') return;
  const workflow = paths.find((path) => path.startsWith('.github/workflows/'));
  if (workflow === undefined) return;
  throw new GitHubError(
    'FORBIDDEN',
    `refusing to allow a GitHub App to create or update workflow \`${workflow}\` without \`workflows\` permission`,
  );
}

export function covers(actor: Extract<Actor, { kind: 'installation' }>, repository: Repository): boolean {
  const { repositoryIds } = actor.token;
  return (
    actor.installation.accountId === repository.ownerId && (!repositoryIds || repositoryIds.includes(repository.id))
  );
}

function authorizeRole(role: Role, wanted: Role): void {
  if (roleAtLeast(role, wanted)) return;
  throw new GitHubError(
    'FORBIDDEN',
    wanted === 'admin' ? 'Must have admin rights to Repository.' : 'Resource not accessible by personal access token',
  );
}

function authorizeApp(covered: boolean, permissions: AccessToken['permissions'], needed: Need): void {
  const granted = needed.app.some((permission) => {
    const [scope = '', level] = permission.split(':');
    return permissions[scope] === 'write' || (level === 'read' && permissions[scope] === 'read');
  });
  if (!covered || !granted) throw new GitHubError('FORBIDDEN', 'Resource not accessible by integration');
}

function ownerOfRun(hub: Hub, token: AccessToken): number | undefined {
  const id = token.repositoryIds?.[0];
  return id === undefined ? undefined : hub.store.repositories.get(id)?.ownerId;
}
