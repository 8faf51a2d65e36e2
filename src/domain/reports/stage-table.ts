import { isEnded, type Rollout, type RolloutStage } from '../rollout.ts';
import { describeStage } from './describe-stage.ts';
import { escapeMarkdown, link, mention } from './escape-markdown.ts';
import { formatDuration } from './format-duration.ts';
import type { ReportView } from './report-view.ts';
import { stageTimes, totalDurationMs } from './stage-times.ts';
import { countTools } from './tool-count.ts';

/** Summary of the fold: `Stages (1 min 48 s)`. */
export function stagesHeading({ rollout, now }: ReportView): string {
  return `Stages (${formatDuration(totalDurationMs(rollout, now))}${isEnded(rollout) ? '' : ' so far'})`;
}

/** One row per stage: what, how long, and where to look. Empty before the first stage was entered. */
export function renderStageTable({ rollout, now }: ReportView): string {
  const rows = stageTimes(rollout, now).map(({ stage, durationMs, running }) => {
    const time = `${formatDuration(durationMs)}${running ? ' so far' : ''}`;
    return `| ${describeStage(rollout, stage).label} | ${time} | ${detailOf(rollout, stage)} |`;
  });
  return ['| stage | time | |', '|---|---|---|', ...rows].join('\n');
}

function detailOf(rollout: Rollout, stage: RolloutStage): string {
  const { build, proposal, setupPullRequest, merge, verification } = rollout;
  switch (stage) {
    case 'setup':
      return setupPullRequest ? link(`#${setupPullRequest.number}`, setupPullRequest.url) : '';
    case 'building':
      return build ? link(`run ${build.runId}`, build.url) : '';
    case 'proposing':
      return proposal ? link(`#${proposal.number}`, proposal.url) : '';
    case 'proposed':
      return merge?.by ? mention(merge.by) : '';
    case 'syncing':
      if (!hasPassed(rollout, 'syncing')) return '';
      return rollout.kind === 'delete' ? 'Argo CD: removed' : 'Argo CD: Synced, Healthy';
    case 'verifying':
      return verification
        ? `handshake ${escapeMarkdown(verification.protocolVersion, 20)}, ${countTools(verification)}`
        : '';
    default:
      return '';
  }
}

function hasPassed(rollout: Rollout, stage: RolloutStage): boolean {
  return (
    rollout.stage === 'succeeded' ||
    (stage === 'syncing' && rollout.stages.some((entry) => entry.stage === 'verifying'))
  );
}
