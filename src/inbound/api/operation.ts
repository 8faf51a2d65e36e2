import type { FastifySchema } from 'fastify';
import type { AcceptedRollout } from './hosting-service.ts';

/** A change that was accepted: what goes on is told by the status. */
export const acceptedSchema = {
  $id: 'Accepted',
  type: 'object',
  required: ['serverId', 'rolloutId', 'statusUrl'],
  properties: {
    serverId: { type: 'string' },
    rolloutId: { type: 'string', format: 'uuid' },
    statusUrl: { type: 'string', description: 'Path of the status, to be asked again until the rollout has ended' },
  },
} as const;

export function acceptedView({ serverId, rolloutId }: AcceptedRollout) {
  return { serverId, rolloutId, statusUrl: `/api/hosting/servers/${encodeURIComponent(serverId)}/status` };
}

const problemContent = { content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } } as const;

const PROBLEMS = {
  '4xx': { description: 'The request cannot be served as it is', ...problemContent },
  '5xx': { description: 'An outage or a bug; try again', ...problemContent },
} as const;

/** The schema of one endpoint, with the errors that all have. */
export function operation(options: {
  operationId: string;
  summary: string;
  request?: Pick<FastifySchema, 'params' | 'headers' | 'body' | 'querystring'>;
  ok?: object;
  accepted?: object;
  created?: object;
}): FastifySchema {
  const { operationId, summary, request = {}, ok, accepted, created } = options;
  return {
    operationId,
    summary,
    tags: ['hosting'],
    security: [{ bearer: [] }],
    ...request,
    response: {
      ...(ok ? { 200: ok } : {}),
      ...(created ? { 201: created } : {}),
      ...(accepted ? { 202: accepted } : {}),
      ...PROBLEMS,
    },
  };
}
