import type { HostedServer } from '../domain/hosted-server.ts';
import { UserError } from '../domain/user-error.ts';
import type { Platform } from './platform.ts';

/**
 * The server that something is to be done with.
 * @param doing completes the sentence `Cannot …`
 * @returns undefined where there is none of this id
 * @throws UserError server-deleted
 */
export async function findLivingServer(
  platform: Platform,
  serverId: string,
  doing: string,
): Promise<HostedServer | undefined> {
  const server = await platform.hostedServers.findByServerId(serverId);
  if (server?.status === 'deleted') throw serverDeleted(serverId, doing);
  return server;
}

/**
 * To be called after something was written for a server into the cluster: a deletion, which is stored before it takes the
 * server's Secrets away, may have come in between and found nothing.
 * @throws UserError server-deleted, with the Secrets gone
 */
export async function removeIfDeleted(platform: Platform, serverId: string, doing: string): Promise<void> {
  const server = await platform.hostedServers.findByServerId(serverId);
  if (server?.status !== 'deleted') return;
  await removeSecrets(platform, serverId);
  throw serverDeleted(serverId, doing);
}

/** Takes a server's values and keys out of the cluster. */
export async function removeSecrets(platform: Platform, serverId: string): Promise<void> {
  await platform.accessKeyFiles.removeAll(serverId);
  await platform.serverSecrets.remove(serverId);
}

export function serverDeleted(serverId: string, doing: string): UserError {
  return new UserError(
    'server-deleted',
    `Cannot ${doing} ${serverId}: it was deleted, expected a living server`,
    'Host its repository again with /host; it gets a new id.',
  );
}
