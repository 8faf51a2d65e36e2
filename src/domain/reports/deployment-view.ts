import { assertNever } from '../assert-never.ts';
import type { ToolSummary } from '../hosted-server.ts';
import type { Rollout } from '../rollout.ts';
import { describeStage } from './describe-stage.ts';
import { plainLine, webAddress } from './escape-markdown.ts';
import type { ReportView } from './report-view.ts';
import { countTools } from './tool-count.ts';

/** A GitHub deployment and its newest status. */
export interface DeploymentView {
  /** Needed to create one; without it no GitHub deployment is made. */
  refId?: string;
  /** The server id: each server is an environment of its own. */
  environment: string;
  description: string;
  state: 'PENDING' | 'IN_PROGRESS' | 'SUCCESS' | 'FAILURE' | 'INACTIVE' | 'ERROR';
  environmentUrl?: string;
  logUrl?: string;
  productionEnvironment: boolean;
}

/** GitHub's limit for the description of a deployment status. */
const DESCRIPTION_CHARS_MAX = 140;

export function renderDeploymentStatus({ rollout, server }: ReportView): DeploymentView {
  const state = stateOf(rollout);
  const environmentUrl = state === 'SUCCESS' ? webAddress(rollout.endpointUrl) : undefined;
  const logUrl = rollout.failure?.url ?? rollout.reports.checkRunUrl ?? rollout.build?.url;
  return {
    ...(rollout.source.refId ? { refId: rollout.source.refId } : {}),
    environment: rollout.serverId,
    description: plainLine(describe(rollout, server.tools ?? []), DESCRIPTION_CHARS_MAX),
    state,
    ...(environmentUrl ? { environmentUrl } : {}),
    ...(logUrl ? { logUrl } : {}),
    productionEnvironment: rollout.source.pullRequest === undefined,
  };
}

function stateOf({ stage, kind }: Rollout): DeploymentView['state'] {
  switch (stage) {
    case 'accepted':
    case 'setup':
    case 'proposed':
      return 'PENDING';
    case 'building':
    case 'proposing':
    case 'syncing':
    case 'verifying':
      return 'IN_PROGRESS';
    case 'succeeded':
      return kind === 'deploy' || kind === 'start' ? 'SUCCESS' : 'INACTIVE';
    case 'failed':
      return 'FAILURE';
    case 'cancelled':
      return 'INACTIVE';
    default:
      return assertNever(stage);
  }
}

function describe(rollout: Rollout, tools: readonly ToolSummary[]): string {
  const { stage, kind } = rollout;
  if (stage === 'failed') return `Failed: ${(rollout.failure?.message ?? 'for an unknown reason').replaceAll('`', '')}`;
  if (stage === 'cancelled') return rollout.cancelReason ?? 'Cancelled';
  if (stage === 'succeeded' && (kind === 'deploy' || kind === 'start')) {
    return `Running with ${countTools(rollout.verification ?? { tools })}`;
  }
  const { doing } = describeStage(rollout, stage);
  return doing.charAt(0).toUpperCase() + doing.slice(1);
}
