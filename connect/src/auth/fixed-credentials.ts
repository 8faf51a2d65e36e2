import type { Credentials } from './credentials.ts';

/** One key, known beforehand: there is nothing to get when it is refused. */
export function fixedCredentials(key: string | undefined): Credentials {
  const value = key === undefined ? undefined : `Bearer ${key}`;
  return { authorization: async () => value, renew: async () => false };
}
