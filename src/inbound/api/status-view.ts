import type { PodState } from '../../domain/cluster-state.ts';
import { HOSTED_SERVER_STATUSES } from '../../domain/hosted-server.ts';
import type { ServerStatusReport } from './hosting-service.ts';
import { rolloutView } from './rollout-view.ts';

const nullableText = { type: ['string', 'null'] } as const;

export const podSchema = {
  $id: 'Pod',
  type: 'object',
  required: ['name', 'ready', 'phase', 'restarts'],
  properties: {
    name: { type: 'string' },
    ready: { type: 'boolean' },
    image: { type: 'string' },
    phase: { type: 'string' },
    reason: nullableText,
    message: nullableText,
    restarts: { type: 'integer' },
    lastExitCode: { type: ['integer', 'null'] },
  },
} as const;

export const statusSchema = {
  $id: 'ServerStatus',
  type: 'object',
  required: ['serverId', 'status', 'statusMessage', 'endpointUrl', 'rollout'],
  properties: {
    serverId: { type: 'string' },
    status: { type: 'string', enum: HOSTED_SERVER_STATUSES },
    statusMessage: nullableText,
    endpointUrl: { type: 'string' },
    rollout: { description: 'The newest one', anyOf: [{ $ref: 'Rollout#' }, { type: 'null' }] },
    pods: { type: 'array', description: 'Absent where the cluster does not answer', items: { $ref: 'Pod#' } },
  },
} as const;

export function statusView({ server, rollout, pods }: ServerStatusReport) {
  return {
    serverId: server.serverId,
    status: server.status,
    statusMessage: server.statusMessage,
    endpointUrl: server.endpointUrl,
    rollout: rollout ? rolloutView(rollout) : null,
    ...(pods ? { pods: pods.map(podView) } : {}),
  };
}

function podView({ name, ready, image, phase, reason, message, restarts, lastExitCode }: PodState) {
  return { name, ready, image, phase, reason, message, restarts, lastExitCode };
}
