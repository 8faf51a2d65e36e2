import type { HostedServer } from '../domain/hosted-server.ts';
import type { Rollout } from '../domain/rollout.ts';
import { recordFact } from './advance-server.ts';
import { planBuild } from './plan-build.ts';
import type { Platform } from './platform.ts';
import { domainsOfOthers } from './start-rollout.ts';

/**
 * Hosting goes on by itself once the build workflow is on the default branch: the waiting rollout takes the head that
 * has it. @returns whether a rollout was waiting for that.
 */
export async function resumeAfterSetup(platform: Platform, server: HostedServer): Promise<boolean> {
  const waiting = (await platform.rollouts.unfinished(server.serverId)).find(({ stage }) => stage === 'setup');
  if (!waiting) return false;
  const { source, deployments } = await platform.snapshots.readBoth({
    installationId: waiting.source.installationId,
    repository: waiting.source.repository,
    serverId: server.serverId,
    ...(waiting.issue === undefined ? {} : { issue: waiting.issue }),
  });
  if (!source.workflowPresent) return true;
  const takenDomains = await domainsOfOthers(platform, server.serverId);
  const plan = planBuild(source, deployments, { ...platform.settings, takenDomains });
  const changes: Partial<Rollout> = {
    source: {
      ...waiting.source,
      commitSha: source.commitSha,
      ...(source.refId ? { refId: source.refId } : {}),
    },
    config: plan.config,
    configProblems: plan.configProblems,
    runtime: plan.runtime,
    mergePolicy: plan.mergePolicy,
    snapshot: deployments,
  };
  const failure = plan.failure ? { failure: plan.failure } : {};
  await recordFact(platform, server.serverId, waiting.id, { kind: 'setup-merged', changes, ...failure });
  return true;
}
