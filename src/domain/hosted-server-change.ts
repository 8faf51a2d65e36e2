import type { HostedServerStatus, ServerSource, ToolSummary } from './hosted-server.ts';
import type { OverlayInput } from './overlay-input.ts';
import type { Rollout, RolloutStage } from './rollout.ts';

/** What changes on the hosted_servers row together with a rollout. Absent fields stay. */
export interface HostedServerChange {
  status?: HostedServerStatus;
  statusMessage?: string | null;
  /** The server repository may have moved to another owner. */
  dockerImage?: string;
  imageTag?: string;
  /** The installation may have got another domain since the server was made. */
  endpointUrl?: string;
  tools?: ToolSummary[];
  envVars?: string[];
  serverName?: string;
  description?: string | null;
  source?: Partial<ServerSource>;
}

const UNDERWAY: Partial<Record<RolloutStage, HostedServerStatus>> = {
  accepted: 'pending',
  setup: 'pending',
  building: 'building',
  proposing: 'pushing',
  proposed: 'deploying',
  syncing: 'deploying',
  verifying: 'deploying',
};

/**
 * The row as the newest rollout of a server leaves it.
 * @param settled what the server was before the rollout, from its last successful one; it is that again when a rollout
 *   ends before its merge, since nothing in the cluster changed.
 */
export function hostedServerChange(rollout: Rollout, settled: HostedServerStatus | null): HostedServerChange {
  return { ...stateChange(rollout, settled), ...versionChange(rollout) };
}

function stateChange(rollout: Rollout, settled: HostedServerStatus | null): HostedServerChange {
  switch (rollout.stage) {
    case 'succeeded':
      return { status: succeededStatus(rollout), statusMessage: null };
    case 'failed': {
      const status = rollout.merge === undefined && settled !== null ? settled : 'failed';
      return { status, statusMessage: rollout.failure?.message ?? null };
    }
    case 'cancelled':
      return { status: settled ?? 'failed', statusMessage: rollout.cancelReason ?? null };
    default:
      return { status: UNDERWAY[rollout.stage] ?? 'pending', statusMessage: waitingFor(rollout) };
  }
}

function succeededStatus(rollout: Rollout): HostedServerStatus {
  if (rollout.kind === 'delete') return 'deleted';
  return rollout.kind === 'stop' ? 'stopped' : 'running';
}

function waitingFor(rollout: Rollout): string | null {
  if (rollout.stage === 'setup' && rollout.setupPullRequest) {
    return `Waiting for someone to merge ${rollout.setupPullRequest.url}`;
  }
  if (rollout.stage === 'syncing' && rollout.missingSecrets) return rollout.missingSecrets.message;
  if (rollout.stage === 'proposed' && rollout.proposal) {
    return `Waiting for ${rollout.mergeQueued ? 'the merge queue with' : 'someone to merge'} ${rollout.proposal.url}`;
  }
  return null;
}

/** What runs now, once it was merged, and what it said of itself, once it was verified. */
export function versionChange(rollout: Rollout): HostedServerChange {
  if (rollout.kind !== 'deploy') return {};
  const merged = rollout.merge ? rollout.overlay : undefined;
  return {
    ...(merged ? { ...imageChange(merged), endpointUrl: rollout.endpointUrl, source: { deployed: merged } } : {}),
    ...(rollout.stage === 'succeeded' && rollout.verification
      ? { tools: rollout.verification.tools, envVars: rollout.config.env, serverName: rollout.serverName }
      : {}),
  };
}

function imageChange({ image, version }: OverlayInput): HostedServerChange {
  return { dockerImage: image, imageTag: version };
}
