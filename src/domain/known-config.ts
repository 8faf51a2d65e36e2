import type { HostedServer } from './hosted-server.ts';
import type { Rollout } from './rollout.ts';
import type { ServerConfig } from './server-config.ts';

/** What a server runs with, and what the newest rollout wants of it: before the first merge that alone is known. */
export interface KnownConfig {
  server: Pick<HostedServer, 'source'>;
  newest: Pick<Rollout, 'config'> | undefined;
}

/** Whether the server's values come from outside of the cluster, so that nobody can set them here. */
export function hasExternalSecrets({ server, newest }: KnownConfig): boolean {
  return (server.source.deployed?.config ?? newest?.config)?.secrets === 'external';
}

/** Whether the server admits everybody. */
export function isPublic({ server, newest }: KnownConfig): boolean {
  const access: ServerConfig['access'] | undefined = (server.source.deployed?.config ?? newest?.config)?.access;
  return access === 'public';
}

/** Every variable that the server declares, as it runs or as it is about to. */
export function declaredNames({ server, newest }: KnownConfig): string[] {
  return [...new Set([...(server.source.deployed?.config.env ?? []), ...(newest?.config.env ?? [])])].sort();
}
