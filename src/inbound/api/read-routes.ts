import type { FastifyInstance } from 'fastify';
import type { HostingService } from './hosting-service.ts';
import { ofKnownServer, type ServerParams, serverParamsSchema } from './known-server.ts';
import { operation } from './operation.ts';
import { serverView } from './server-view.ts';
import { statusView } from './status-view.ts';

/** The newest lines of one pod: what a person reads, and what the API server gives in one answer. */
const LINES_MAX = 1_000;
const LINES_DEFAULT = 100;

const serverParams = { params: serverParamsSchema };

/** Details, status and logs of one server. */
export function registerReadRoutes(api: FastifyInstance, service: HostingService): void {
  const details = operation({
    operationId: 'getServer',
    summary: 'Details of a server',
    request: serverParams,
    ok: { $ref: 'Server#' },
  });
  api.get<{ Params: ServerParams }>('/servers/:serverId', { schema: details }, async ({ params: { serverId } }) =>
    serverView(await ofKnownServer(serverId, () => service.get(serverId))),
  );

  const status = operation({
    operationId: 'getServerStatus',
    summary: 'How a server stands: its status, newest rollout and pods',
    request: serverParams,
    ok: { $ref: 'ServerStatus#' },
  });
  api.get<{ Params: ServerParams }>('/servers/:serverId/status', { schema: status }, async ({ params: { serverId } }) =>
    statusView(await ofKnownServer(serverId, () => service.status(serverId))),
  );

  registerLogsRoute(api, service);
}

function registerLogsRoute(api: FastifyInstance, service: HostingService): void {
  const schema = operation({
    operationId: 'getServerLogs',
    summary: "The last lines of a server's newest pod",
    request: {
      ...serverParams,
      querystring: {
        type: 'object',
        additionalProperties: false,
        properties: {
          lines: { type: 'integer', minimum: 1, maximum: LINES_MAX, default: LINES_DEFAULT },
          previous: { type: 'boolean', default: false, description: 'Of the container that ended before' },
        },
      },
    },
    ok: {
      type: 'object',
      required: ['serverId', 'lines'],
      properties: {
        serverId: { type: 'string' },
        lines: { type: 'array', items: { type: 'string' }, description: 'Oldest first' },
      },
    },
  });
  api.get<{ Params: ServerParams; Querystring: { lines: number; previous: boolean } }>(
    '/servers/:serverId/logs',
    { schema },
    async ({ params: { serverId }, query }) => ({
      serverId,
      lines: await ofKnownServer(serverId, () => service.logs(serverId, query)),
    }),
  );
}
