import { invalidField } from '../github-error.ts';
import type { Account, Installation } from '../store/entities.ts';
import { newToken } from '../store/secrets.ts';
import type { Store } from '../store/store.ts';

const LOGIN = /^[a-zA-Z0-9](?:[a-zA-Z0-9]|-(?=[a-zA-Z0-9])){0,38}$/;

/** Finds the account of a login or adds it. @throws GitHubError UNPROCESSABLE for a login that GitHub would not take */
export function ensureAccount(
  store: Store,
  account: { login: string; type: Account['type']; now: string; id?: number },
): Account {
  const known = store.accountByLogin(account.login);
  if (known) return known;
  if (account.type !== 'Bot' && !LOGIN.test(account.login)) {
    throw invalidField('User', 'login', 'Login may only contain alphanumeric characters or single hyphens');
  }
  return store.addAccount({
    id: account.id ?? store.nextId(),
    login: account.login,
    type: account.type,
    name: null,
    createdAt: account.now,
    ownerIds: [],
  });
}

/** A token with which a person may do whatever their roles allow. */
export function addPersonToken(store: Store, account: Account, token = newToken('ghp')): string {
  store.addToken(
    {
      token,
      kind: 'person',
      accountId: account.id,
      installationId: null,
      repositoryIds: null,
      permissions: {},
      expiresAt: null,
    },
    new Date(),
  );
  return token;
}

/** Installs the App on all repositories of an account, or brings an installation's permissions up to date. */
export function ensureInstallation(
  store: Store,
  installation: Pick<Installation, 'accountId' | 'permissions'> & { now: string },
): Installation {
  const known = store.installations.find((one) => one.accountId === installation.accountId);
  if (known) {
    known.permissions = installation.permissions;
    store.touchDirectory();
    return known;
  }
  const added = {
    id: store.nextId(),
    accountId: installation.accountId,
    permissions: installation.permissions,
    createdAt: installation.now,
  };
  store.addInstallation(added);
  return added;
}
