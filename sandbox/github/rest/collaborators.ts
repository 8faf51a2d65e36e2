import { need } from '../access/authorize.ts';
import { legacyPermission, permissionFlags, roleFromWord, roleOf } from '../access/roles.ts';
import { invalidField, notFound } from '../github-error.ts';
import type { Account, Role } from '../store/entities.ts';
import { viewUser } from '../views/user.ts';
import { readText } from './fields.ts';
import { paged } from './paging.ts';
import { json, noContent, type RepositoryCall, type Routes, repositoryRoute } from './route.ts';

const READ = need('read', 'metadata:read');
const ADMIN = need('admin', 'administration:write');

export const collaboratorRoutes: Routes = {
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': repositoryRoute(READ, (call) => {
    const { hub, repository } = call;
    const account = accountParam(call, `${call.params.username} is not a user`);
    const role = roleOf(hub, repository, account);
    return json({
      permission: legacyPermission(role),
      role_name: role,
      user: viewCollaborator(call, account, role),
    });
  }),
  'GET /repos/{owner}/{repo}/collaborators': repositoryRoute(need('write', 'metadata:read'), (call) => {
    const { hub, repository } = call;
    const people = hub.store.accounts.filter(
      (one) =>
        one.type === 'User' &&
        (roleOf(hub, repository, one) === 'admin' || (repository.collaborators[one.id] ?? 'none') !== 'none'),
    );
    return paged(call, people, (one) => viewCollaborator(call, one, roleOf(hub, repository, one)));
  }),
  /** Takes effect at once: there is no invitation to accept. */
  'PUT /repos/{owner}/{repo}/collaborators/{username}': repositoryRoute(ADMIN, (call) => {
    const account = accountParam(call, 'Not Found');
    const role = roleFromWord(readText(call.body, 'permission') ?? 'push');
    if (!role) throw invalidField('Collaborator', 'permission', 'permission is invalid');
    call.repository.collaborators[account.id] = role;
    call.hub.store.touch(call.repository);
    return noContent();
  }),
  'DELETE /repos/{owner}/{repo}/collaborators/{username}': repositoryRoute(ADMIN, (call) => {
    delete call.repository.collaborators[accountParam(call, 'Not Found').id];
    call.hub.store.touch(call.repository);
    return noContent();
  }),
};

function accountParam(call: RepositoryCall, message: string): Account {
  const account = call.hub.store.accountByLogin(call.params.username ?? '');
  if (!account || account.type === 'Organization') throw notFound(message);
  return account;
}

function viewCollaborator(call: RepositoryCall, account: Account, role: Role) {
  return { ...viewUser(call.hub, account), permissions: permissionFlags(role), role_name: role };
}
