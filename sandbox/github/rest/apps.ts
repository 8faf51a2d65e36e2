import { covers } from '../access/authorize.ts';
import { GitHubError, notFound, unprocessable } from '../github-error.ts';
import type { Installation } from '../store/entities.ts';
import { newToken } from '../store/secrets.ts';
import { viewApp, viewInstallation } from '../views/app.ts';
import { viewRepository } from '../views/repository.ts';
import { type Fields, readFields, readList, readTexts } from './fields.ts';
import { paged } from './paging.ts';
import { idParam, json, plainRoute, type RestCall, type Routes } from './route.ts';

const TOKEN_LIFETIME_MS = 60 * 60_000;

export const appRoutes: Routes = {
  'GET /app': plainRoute((call) => {
    requireApp(call);
    return json(viewApp(call.hub));
  }),
  'GET /app/installations': plainRoute((call) => {
    requireApp(call);
    return paged(call, call.hub.store.installations, (one) => viewInstallation(call.hub, one));
  }),
  'GET /app/installations/{installation_id}': plainRoute((call) => {
    requireApp(call);
    return json(viewInstallation(call.hub, installationParam(call)));
  }),
  'POST /app/installations/{installation_id}/access_tokens': plainRoute(mintToken),
  'GET /repos/{owner}/{repo}/installation': plainRoute((call) => {
    requireApp(call);
    const { owner = '', repo = '' } = call.params;
    const ownerId = call.hub.store.repositoryByName(owner, repo)?.ownerId;
    return json(viewInstallation(call.hub, installationOf(call, ownerId)));
  }),
  'GET /orgs/{org}/installation': plainRoute((call) => {
    requireApp(call);
    const account = call.hub.store.accountByLogin(call.params.org ?? '');
    return json(viewInstallation(call.hub, installationOf(call, account?.id)));
  }),
  'GET /users/{username}/installation': plainRoute((call) => {
    requireApp(call);
    const account = call.hub.store.accountByLogin(call.params.username ?? '');
    return json(viewInstallation(call.hub, installationOf(call, account?.id)));
  }),
  'GET /installation/repositories': plainRoute((call) => {
    const { actor, hub } = call;
    if (actor.kind !== 'installation') throw new GitHubError('FORBIDDEN', 'Resource not accessible');
    const repositories = [...hub.store.repositories.values()].filter((one) => covers(actor, one));
    return paged(
      call,
      repositories,
      (one) => viewRepository(hub, one),
      (page) => ({ total_count: repositories.length, repository_selection: 'all', repositories: page }),
    );
  }),
  'DELETE /installation/token': plainRoute((call) => {
    if (call.actor.kind !== 'installation') throw new GitHubError('FORBIDDEN', 'Resource not accessible');
    call.hub.store.removeToken(call.actor.token.token);
    return { status: 204 };
  }),
};

/** @throws GitHubError UNAUTHENTICATED for anybody but the App itself */
export function requireApp(call: RestCall): void {
  if (call.actor.kind === 'app') return;
  throw new GitHubError('UNAUTHENTICATED', 'A JSON web token could not be decoded');
}

function mintToken(call: RestCall) {
  requireApp(call);
  const { hub, body } = call;
  const installation = installationParam(call);
  const repositoryIds = repositorySelection(call, installation);
  const permissions = permissionSelection(body, installation);
  const token = newToken('ghs');
  const expiresAt = new Date(Date.now() + TOKEN_LIFETIME_MS).toISOString().replace(/\.\d+/, '');
  hub.store.addToken(
    {
      token,
      kind: 'installation',
      accountId: hub.app.botId,
      installationId: installation.id,
      repositoryIds,
      permissions,
      expiresAt,
    },
    new Date(),
  );
  const repositories = (repositoryIds ?? []).flatMap((id) => hub.store.repositories.get(id) ?? []);
  return json(
    {
      token,
      expires_at: expiresAt,
      permissions,
      repository_selection: repositoryIds ? 'selected' : 'all',
      ...(repositoryIds ? { repositories: repositories.map((one) => viewRepository(hub, one)) } : {}),
    },
    201,
  );
}

/** @returns null for all of them */
function repositorySelection(call: RestCall, installation: Installation): number[] | null {
  const names = readTexts(call.body, 'repositories');
  const ids = readList(call.body, 'repository_ids');
  if (!names && !ids) return null;
  const owned = [...call.hub.store.repositories.values()].filter((one) => one.ownerId === installation.accountId);
  const chosen = owned.filter((one) => names?.includes(one.name) || ids?.includes(one.id));
  if (chosen.length < (names?.length ?? 0) + (ids?.length ?? 0)) {
    throw unprocessable(
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  }
  return chosen.map((one) => one.id);
}

function permissionSelection(body: Fields, installation: Installation): Installation['permissions'] {
  const wanted = readFields(body, 'permissions');
  if (!wanted) return { ...installation.permissions };
  for (const [scope, level] of Object.entries(wanted)) {
    const given = installation.permissions[scope];
    if (given === 'write' || given === level) continue;
    throw unprocessable('The permissions requested are not granted to this installation.');
  }
  return wanted as Installation['permissions'];
}

function installationParam(call: RestCall): Installation {
  const id = idParam(call, 'installation_id');
  const installation = call.hub.store.installations.find((one) => one.id === id);
  if (!installation) throw notFound();
  return installation;
}

function installationOf(call: RestCall, accountId: number | undefined): Installation {
  const installation = call.hub.store.installations.find((one) => one.accountId === accountId);
  if (!installation) throw notFound();
  return installation;
}
