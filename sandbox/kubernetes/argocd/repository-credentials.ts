import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import { isSameRepository } from './repository-url.ts';
import type { GitCredentials } from './run-git.ts';

/**
 * Reads the Secrets that tell Argo CD how to log in: label `argocd.argoproj.io/secret-type` with value `repository` (its
 * `url` is the repository's) or `repo-creds` (its `url` is a prefix), and `username` and `password`.
 */
export function findCredentials(store: ObjectStore, url: string): GitCredentials | undefined {
  const secrets = store.list(typeOf('Secret')).map((secret) => ({
    type: secret.metadata.labels?.['argocd.argoproj.io/secret-type'],
    data: decode((secret.data as Record<string, string> | undefined) ?? {}),
  }));
  const own = secrets.find(({ type, data }) => type === 'repository' && isSameRepository(data.url ?? '', url));
  const shared = secrets.find(({ type, data }) => type === 'repo-creds' && data.url && url.startsWith(data.url));
  const found = own?.data.password === undefined ? shared?.data : own.data;
  return found?.password === undefined ? undefined : { username: found.username ?? 'git', password: found.password };
}

function decode(data: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
