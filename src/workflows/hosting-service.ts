import type { PodState } from '../domain/cluster-state.ts';
import type { HostedServer, HostedServerStatus } from '../domain/hosted-server.ts';
import { fullName, type RepositoryName } from '../domain/repository.ts';
import type { Rollout } from '../domain/rollout.ts';
import { UserError } from '../domain/user-error.ts';
import { serverDeleted } from './living-server.ts';
import type { Platform } from './platform.ts';
import { createKey, listKeys, revokeKey } from './server-keys.ts';
import { listSecrets, setSecrets, unsetSecret } from './server-secrets.ts';
import { startRollout } from './start-rollout.ts';

interface Asked {
  requestId: string;
  requestedBy: string;
}

/** A change that is done when it is answered. */
interface Change {
  serverId: string;
  requestedBy: string;
}

interface Accepted {
  serverId: string;
  rolloutId: string;
}

/** What programs ask of the bot; the same rollouts as comments start, without a sticky comment of their own. */
export function createHostingService(platform: Platform) {
  const find = (serverId: string) => platform.hostedServers.findByServerId(serverId);
  const change =
    (kind: 'stop' | 'start' | 'delete') =>
    async (request: Asked & { serverId: string }): Promise<Accepted | undefined> => {
      const server = await find(request.serverId);
      return server && changeServer(platform, server, kind, request);
    };
  return {
    deploy: (request: Asked & { conversationId: string; repository: RepositoryName; issue?: number }) =>
      deploy(platform, request),
    list: (page: { status?: HostedServerStatus; includeDeleted: boolean; limit: number; offset: number }) =>
      platform.hostedServers.list(page),
    get: find,
    async status(serverId: string): Promise<StatusReport | undefined> {
      const server = await find(serverId);
      if (!server) return undefined;
      const rollout = await platform.rollouts.newest(serverId);
      const pods = await platform.workloads.pods(serverId).catch((error: unknown) => {
        platform.log.warn({ error, server: serverId }, 'Pods could not be read for a status');
        return undefined;
      });
      return { server, rollout, ...(pods ? { pods } : {}) };
    },
    async logs(serverId: string, options: { lines: number; previous: boolean }): Promise<string[] | undefined> {
      return (await find(serverId)) && platform.workloads.logs(serverId, options);
    },
    stop: change('stop'),
    start: change('start'),
    remove: change('delete'),
    setSecrets: (request: Change & { values: ReadonlyMap<string, string> }) => setSecrets(platform, request),
    unsetSecret: (request: Change & { name: string }) => unsetSecret(platform, request),
    listSecrets: (serverId: string) => listSecrets(platform, serverId),
    createKey: (request: Change & { name: string; expiresAt: Date | null }) => createKey(platform, request),
    revokeKey: (request: Change & { keyId: string }) => revokeKey(platform, request),
    listKeys: (serverId: string) => listKeys(platform, serverId),
  };
}

interface StatusReport {
  server: HostedServer;
  rollout: Rollout | undefined;
  pods?: PodState[];
}

async function deploy(
  platform: Platform,
  request: Asked & { conversationId: string; repository: RepositoryName; issue?: number },
): Promise<Accepted> {
  const { repository, conversationId } = request;
  const installationId = await platform.installations.installationOf(repository);
  if (installationId === undefined) {
    throw new UserError(
      'app-not-installed',
      `Cannot host ${fullName(repository)}: the GitHub App is not installed on it, expected it installed`,
      'Install the App on the repository, then ask again.',
    );
  }
  const conversation = await platform.conversations.ensure(conversationId, repository);
  if (fullName(conversation.repository).toLowerCase() !== fullName(repository).toLowerCase()) {
    throw new UserError(
      'conversation-of-other-repository',
      `Cannot deploy ${fullName(repository)}: the conversation belongs to ${fullName(conversation.repository)}, expected its own`,
      'Use another conversation id.',
    );
  }
  const { source } = await platform.snapshots.readBoth({ installationId, repository });
  return start(platform, {
    request,
    kind: 'deploy',
    installationId,
    repository,
    repositoryId: source.repositoryId,
    conversationId,
    ...(request.issue === undefined ? {} : { issue: request.issue }),
  });
}

function changeServer(
  platform: Platform,
  server: HostedServer,
  kind: 'stop' | 'start' | 'delete',
  request: Asked,
): Promise<Accepted> {
  if (server.status === 'deleted') throw serverDeleted(server.serverId, kind);
  const { installationId, repository, repositoryId, pullRequest, homeIssue } = server.source;
  return start(platform, {
    request,
    kind,
    installationId,
    repository,
    repositoryId,
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(homeIssue === undefined ? {} : { issue: homeIssue }),
  });
}

async function start(
  platform: Platform,
  wish: {
    request: Asked;
    kind: Rollout['kind'];
    installationId: number;
    repository: RepositoryName;
    repositoryId: number;
    conversationId?: string;
    pullRequest?: number;
    issue?: number;
  },
): Promise<Accepted> {
  const { request, ...rest } = wish;
  const outcome = await startRollout(platform, {
    ...rest,
    trigger: { kind: 'api', requestId: request.requestId },
    triggerKey: `api:${request.requestId}`,
    triggeredAt: platform.now(),
    requestedBy: request.requestedBy,
    rolloutId: request.requestId,
  });
  return { serverId: outcome.serverId, rolloutId: request.requestId };
}
