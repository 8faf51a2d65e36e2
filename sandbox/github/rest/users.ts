import { canSee } from '../access/authorize.ts';
import { roleOf } from '../access/roles.ts';
import { GitHubError, notFound } from '../github-error.ts';
import type { Account } from '../store/entities.ts';
import { viewRepository } from '../views/repository.ts';
import { viewPublicUser } from '../views/user.ts';
import { paged } from './paging.ts';
import { json, plainRoute, type RestCall, type Routes } from './route.ts';

export const userRoutes: Routes = {
  'GET /user': plainRoute((call) => json(viewPublicUser(call.hub, requirePerson(call)))),
  'GET /users/{username}': plainRoute((call) => {
    const account = call.hub.store.accountByLogin(call.params.username ?? '');
    if (!account) throw notFound();
    return json(viewPublicUser(call.hub, account));
  }),
  'GET /user/repos': plainRoute((call) => {
    const { hub } = call;
    const person = requirePerson(call);
    const own = [...hub.store.repositories.values()].filter(
      (one) => roleOf(hub, one, person) === 'admin' || (one.collaborators[person.id] ?? 'none') !== 'none',
    );
    return paged(call, own, (one) => viewRepository(hub, one, roleOf(hub, one, person)));
  }),
  'GET /orgs/{org}/repos': plainRoute((call) => {
    const { hub, actor } = call;
    const organization = hub.store.accountByLogin(call.params.org ?? '');
    if (organization?.type !== 'Organization') throw notFound();
    const visible = [...hub.store.repositories.values()].filter(
      (one) => one.ownerId === organization.id && canSee(hub, one, actor),
    );
    return paged(call, visible, (one) => viewRepository(hub, one));
  }),
};

/** @throws GitHubError for anybody who is no person */
export function requirePerson(call: RestCall): Account {
  if (call.actor.kind === 'person') return call.actor.account;
  if (call.actor.kind === 'anonymous') throw new GitHubError('UNAUTHENTICATED', 'Requires authentication');
  throw new GitHubError('FORBIDDEN', 'Resource not accessible by integration');
}
