import { renderCheckRun } from '../../domain/reports/check-run-view.ts';
import { renderDeploymentStatus } from '../../domain/reports/deployment-view.ts';
import { statusCommentMarker } from '../../domain/reports/markers.ts';
import type { ReportView } from '../../domain/reports/report-view.ts';
import { renderStatusComment } from '../../domain/reports/status-comment.ts';
import { isEnded, type Rollout } from '../../domain/rollout.ts';
import type { RolloutFact } from '../../domain/rollout-fact.ts';
import type { StatusReport } from '../../ports/github.ts';
import { removeSecrets } from '../living-server.ts';
import type { Platform } from '../platform.ts';

/** Brings the check run, the GitHub deployment, the reaction and the sticky comment to where the rollout stands. */
export async function report(
  platform: Platform,
  rollout: Rollout,
  options: { retry: boolean; speaks: boolean },
): Promise<RolloutFact> {
  // A newer rollout brings the server back, and needs its key.
  const gone = rollout.kind === 'delete' && rollout.stage === 'succeeded' && options.speaks;
  if (gone) await removeSecrets(platform, rollout.serverId);
  const server = await platform.hostedServers.findByServerId(rollout.serverId);
  const view: ReportView = {
    rollout,
    server: { tools: server?.tools ?? null, status: server?.status ?? 'pending' },
    now: platform.now(),
    githubWebUrl: platform.settings.githubWebUrl,
  };
  const reports = await platform.reports.publish(composeReport(view, options.speaks), rollout.reports, options.retry);
  return { kind: 'reported', reports, stage: rollout.stage };
}

function composeReport(view: ReportView, speaks: boolean): StatusReport {
  const { rollout } = view;
  const { installationId, repository, repositoryNodeId } = rollout.source;
  const comment = speaks ? composeComment(view) : undefined;
  const reaction = composeReaction(rollout);
  // While the build workflow is missing, the commit that will be built is not known; what failed before is marked.
  const deploys = rollout.kind === 'deploy' && (!rollout.needsSetup || rollout.stage === 'failed');
  return {
    installationId,
    repository,
    repositoryNodeId,
    ...(reaction ? { reaction } : {}),
    ...(deploys ? { checkRun: renderCheckRun(view), deployment: renderDeploymentStatus(view) } : {}),
    ...(comment ? { comment } : {}),
  };
}

function composeComment(view: ReportView): StatusReport['comment'] {
  const { issue, issueNodeId, serverId } = view.rollout;
  if (issue === undefined || issueNodeId === undefined) return undefined;
  return { issueNodeId, issue, marker: statusCommentMarker(serverId), body: renderStatusComment(view) };
}

/** 👀 when the work begins, then 🚀 or 😕 on the comment that asked. */
function composeReaction(rollout: Rollout): StatusReport['reaction'] {
  if (rollout.trigger.kind !== 'comment') return undefined;
  const subjectId = rollout.trigger.commentNodeId;
  if (isEnded(rollout)) return { subjectId, content: rollout.stage === 'succeeded' ? 'ROCKET' : 'CONFUSED' };
  return rollout.reportedStage === undefined ? { subjectId, content: 'EYES' } : undefined;
}
