import { renderSetupPullRequest } from '../../domain/reports/setup-pull-request.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { RolloutFact } from '../../domain/rollout-fact.ts';
import type { Platform } from '../platform.ts';

/** Opens the pull request that brings the build workflow to a server repository which lacks it. */
export async function proposeSetup(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  const { installationId, repository } = rollout.source;
  const deployments = rollout.snapshot ?? (await platform.snapshots.readDeployments(rollout.serverId));
  const { title, body, commitMessage } = renderSetupPullRequest({
    repository,
    serverName: rollout.serverName,
    deploymentsRepository: platform.settings.deploymentsRepository,
  });
  const pullRequest = await platform.setupProposals.proposeSetup({
    installationId,
    repository,
    files: platform.settings.setupFiles(deployments.defaultBranch),
    title,
    body,
    message: commitMessage,
  });
  return { kind: 'setup-proposed', pullRequest };
}
