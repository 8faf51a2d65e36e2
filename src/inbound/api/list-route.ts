import type { FastifyInstance } from 'fastify';
import { HOSTED_SERVER_STATUSES, type HostedServerStatus } from '../../domain/hosted-server.ts';
import type { HostingService } from './hosting-service.ts';
import { operation } from './operation.ts';
import { serverView } from './server-view.ts';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;

/** Further pages cost the database as much as all before them. */
const OFFSET_MAX = 10_000;

interface ListQuery {
  status?: HostedServerStatus;
  includeDeleted: boolean;
  limit: number;
  offset: number;
}

const schema = operation({
  operationId: 'listServers',
  summary: 'The hosted servers, newest first',
  request: {
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        status: { type: 'string', enum: HOSTED_SERVER_STATUSES },
        includeDeleted: { type: 'boolean', default: false },
        limit: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT },
        offset: { type: 'integer', minimum: 0, maximum: OFFSET_MAX, default: 0 },
      },
    },
  },
  ok: {
    type: 'object',
    required: ['servers'],
    properties: {
      servers: { type: 'array', items: { $ref: 'Server#' } },
      next: { type: 'string', description: 'Path of the next page; absent on the last' },
    },
  },
});

export function registerListRoute(api: FastifyInstance, service: HostingService): void {
  api.get<{ Querystring: ListQuery }>('/servers', { schema }, async ({ query }) => {
    // One more than asked for tells whether there is a next page.
    const found = await service.list({ ...query, limit: query.limit + 1 });
    const servers = found.slice(0, query.limit).map(serverView);
    const nextOffset = query.offset + query.limit;
    if (found.length <= query.limit || nextOffset > OFFSET_MAX) return { servers };
    return { servers, next: pagePath({ ...query, offset: nextOffset }) };
  });
}

function pagePath({ status, includeDeleted, limit, offset }: ListQuery): string {
  const query = new URLSearchParams({ limit: String(limit), offset: String(offset) });
  if (status) query.set('status', status);
  if (includeDeleted) query.set('includeDeleted', 'true');
  return `/api/hosting/servers?${query}`;
}
