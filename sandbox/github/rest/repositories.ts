import { need } from '../access/authorize.ts';
import { roleOf } from '../access/roles.ts';
import { setDefaultBranch } from '../git/bare-repository.ts';
import { readRef } from '../git/refs.ts';
import { GitHubError, invalidField, notFound } from '../github-error.ts';
import { gitDirOf, ownerOf } from '../hub.ts';
import {
  checkRepositoryName,
  createRepository,
  deleteRepository,
  forkRepository,
  mayCreateIn,
} from '../model/repositories.ts';
import type { Account, Role } from '../store/entities.ts';
import { viewFullRepository, viewMinimalRepository } from '../views/repository.ts';
import { readFlag, readNullableText, readText } from './fields.ts';
import { paged } from './paging.ts';
import {
  json,
  noContent,
  plainRoute,
  type RepositoryCall,
  type RestCall,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';
import { requirePerson } from './users.ts';

export const repositoryRoutes: Routes = {
  'POST /user/repos': plainRoute((call) => create(call, requirePerson(call))),
  'POST /orgs/{org}/repos': plainRoute((call) => {
    const owner = call.hub.store.accountByLogin(call.params.org ?? '');
    if (owner?.type !== 'Organization') throw notFound();
    return create(call, owner);
  }),
  'GET /repos/{owner}/{repo}': repositoryRoute(need('read', 'metadata:read'), (call) => view(call)),
  'PATCH /repos/{owner}/{repo}': repositoryRoute(need('admin', 'administration:write'), update),
  'DELETE /repos/{owner}/{repo}': repositoryRoute(need('admin', 'administration:write'), async (call) => {
    await deleteRepository(call.hub, call.repository, senderOf(call));
    return noContent();
  }),
  'POST /repos/{owner}/{repo}/forks': repositoryRoute(need('read', 'metadata:read'), async (call) => {
    const person = requirePerson(call);
    const organization = readText(call.body, 'organization');
    const owner = organization === undefined ? person : call.hub.store.accountByLogin(organization);
    if (!owner || !mayCreateIn(owner, person)) throw notFound();
    const fork = await forkRepository(call.hub, call.repository, owner, readText(call.body, 'name'));
    return json(viewFullRepository(call.hub, fork, 'admin'), 202);
  }),
  'GET /repos/{owner}/{repo}/forks': repositoryRoute(need('read', 'metadata:read'), (call) => {
    const forks = [...call.hub.store.repositories.values()].filter((one) => one.parentId === call.repository.id);
    return paged(call, forks, (one) => viewMinimalRepository(call.hub, one));
  }),
};

async function create(call: RestCall, owner: Account) {
  const person = requirePerson(call);
  if (!mayCreateIn(owner, person)) {
    throw new GitHubError('FORBIDDEN', 'You need admin access to the organization before adding a repository to it.');
  }
  const repository = await createRepository(call.hub, owner, person, {
    name: readText(call.body, 'name') ?? '',
    description: readText(call.body, 'description') ?? null,
    private: readFlag(call.body, 'private') ?? readText(call.body, 'visibility') === 'private',
    autoInit: readFlag(call.body, 'auto_init') ?? false,
  });
  return json(viewFullRepository(call.hub, repository, 'admin'), 201);
}

async function update(call: RepositoryCall) {
  const { hub, repository, body } = call;
  const name = readText(body, 'name');
  if (name !== undefined && name !== repository.name) {
    const sameButCase = name.toLowerCase() === repository.name.toLowerCase();
    if (!sameButCase) checkRepositoryName(hub, ownerOf(hub, repository), name);
    repository.name = name;
  }
  const description = readNullableText(body, 'description');
  if (description !== undefined) repository.description = description;
  repository.private = readFlag(body, 'private') ?? repository.private;
  repository.archived = readFlag(body, 'archived') ?? repository.archived;
  const branch = readText(body, 'default_branch');
  if (branch !== undefined) {
    if (!(await readRef(gitDirOf(hub, repository), `refs/heads/${branch}`))) {
      throw invalidField('Repository', 'default_branch', `The branch ${branch} was not found.`);
    }
    repository.defaultBranch = branch;
    await setDefaultBranch(gitDirOf(hub, repository), branch);
  }
  repository.updatedAt = hub.now();
  hub.store.touch(repository);
  return view(call);
}

function view(call: RepositoryCall) {
  return json(viewFullRepository(call.hub, call.repository, callerRole(call)));
}

function callerRole({ hub, repository, actor }: RepositoryCall): Role | undefined {
  return actor.kind === 'person' ? roleOf(hub, repository, actor.account) : undefined;
}
