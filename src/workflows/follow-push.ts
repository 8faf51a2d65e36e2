import type { HostedServer } from '../domain/hosted-server.ts';
import type { RepositoryName } from '../domain/repository.ts';
import { isEnded } from '../domain/rollout.ts';
import type { Platform } from './platform.ts';
import { resumeAfterSetup } from './resume-after-setup.ts';
import { startRollout } from './start-rollout.ts';

export interface Push {
  /** Of the webhook: the same when it is sent again. */
  deliveryId: string;
  installationId: number;
  repository: RepositoryName;
  repositoryId: number;
  afterSha: string;
  login: string;
}

/**
 * A push to the default branch of a hosted server repository rolls its head out. A stopped server stays stopped: the
 * next `/host` brings the newest commit. Servers that wait for the build workflow, previews too, go on once it is there.
 */
export async function followPush(platform: Platform, push: Push): Promise<void> {
  const servers = await platform.hostedServers.listBySource(push.repositoryId);
  const waited = new Set<HostedServer>();
  for (const server of servers) if (await resumeAfterSetup(platform, server)) waited.add(server);
  const server = servers.find(({ source }) => source.pullRequest === undefined);
  if (!server || waited.has(server)) return;
  if (await isHeld(platform, server)) {
    platform.log.info({ server: server.serverId }, 'Push to a stopped server is not rolled out');
    return;
  }
  await startRollout(platform, {
    kind: 'deploy',
    trigger: { kind: 'push', afterSha: push.afterSha },
    triggerKey: `delivery:${push.deliveryId}`,
    triggeredAt: platform.now(),
    requestedBy: push.login,
    installationId: push.installationId,
    repository: push.repository,
    repositoryId: push.repositoryId,
  });
}

/** Stopped, or on its way to be stopped or deleted: a new commit does not start it again. */
export async function isHeld(platform: Platform, server: HostedServer): Promise<boolean> {
  const newest = await platform.rollouts.newest(server.serverId);
  const ending = newest && !isEnded(newest) && (newest.kind === 'stop' || newest.kind === 'delete');
  return server.status === 'stopped' || ending === true;
}
