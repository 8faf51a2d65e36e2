import type { HostedServerStatus } from '../domain/hosted-server.ts';
import type { Platform } from './platform.ts';

/** What the server was brought to last; null when nothing of it was ever deployed, or it was deleted. */
export async function settledStatus(platform: Platform, serverId: string): Promise<HostedServerStatus | null> {
  const newest = await platform.rollouts.newestSucceeded(serverId, ['deploy', 'start', 'stop', 'delete']);
  if (!newest || newest.kind === 'delete') return null;
  return newest.kind === 'stop' ? 'stopped' : 'running';
}
