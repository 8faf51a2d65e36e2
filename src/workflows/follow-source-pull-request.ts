import { SETUP_BRANCH } from '../domain/branch-names.ts';
import type { RepositoryName } from '../domain/repository.ts';
import { recordFact } from './advance-server.ts';
import { isHeld } from './follow-push.ts';
import type { Platform } from './platform.ts';
import { resumeAfterSetup } from './resume-after-setup.ts';
import { startRollout } from './start-rollout.ts';

export interface SourcePullRequest {
  /** Of the webhook: the same when it is sent again. */
  deliveryId: string;
  action: string;
  installationId: number;
  repository: RepositoryName;
  repositoryId: number;
  number: number;
  headBranch: string;
  headSha: string;
  /** The head is in another repository: its code is built only when someone with write access says so. */
  fork: boolean;
  merged: boolean;
  updatedAt: Date;
  login: string;
}

/** A pull request of a server repository: a preview follows its head and goes when it closes. */
export async function followSourcePullRequest(platform: Platform, event: SourcePullRequest): Promise<void> {
  if (['opened', 'synchronize', 'reopened'].includes(event.action)) {
    await platform.pullRequestHeads.saw(event.repositoryId, event.number, event.headSha, event.updatedAt);
  }
  if (event.action === 'closed' && !event.fork && event.headBranch === SETUP_BRANCH)
    return followSetup(platform, event);
  const preview = await platform.hostedServers.findBySource(event.repositoryId, event.number);
  if (!preview) return;
  if (event.action !== 'synchronize' && event.action !== 'closed') return;
  if (event.action === 'synchronize' && (event.fork || (await isHeld(platform, preview)))) return;
  const closing = event.action === 'closed';
  await startRollout(platform, {
    kind: closing ? 'delete' : 'deploy',
    trigger: { kind: 'pull-request', number: event.number, action: event.action },
    triggerKey: `delivery:${event.deliveryId}`,
    triggeredAt: platform.now(),
    requestedBy: event.login,
    installationId: event.installationId,
    repository: event.repository,
    repositoryId: event.repositoryId,
    issue: event.number,
    pullRequest: event.number,
  });
}

async function followSetup(platform: Platform, event: SourcePullRequest): Promise<void> {
  const servers = await platform.hostedServers.listBySource(event.repositoryId);
  for (const server of servers) {
    const waiting = (await platform.rollouts.unfinished(server.serverId)).find(({ stage }) => stage === 'setup');
    if (!waiting) continue;
    if (event.merged) await resumeAfterSetup(platform, server);
    else await recordFact(platform, server.serverId, waiting.id, { kind: 'closed', by: event.login });
  }
}
