import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AcceptedRollout, ChangeRequest, HostingService } from './hosting-service.ts';
import { ofKnownServer, type ServerParams, serverParamsSchema } from './known-server.ts';
import { acceptedView, operation } from './operation.ts';
import { idempotencyHeadersSchema, readApiRequest } from './request-id.ts';

/** Stop, start and delete: each begins a rollout and answers at once. */
export function registerChangeRoutes(api: FastifyInstance, service: HostingService): void {
  api.post<{ Params: ServerParams }>(
    '/servers/:serverId/stop',
    { schema: changeOperation('stopServer', 'Stop a server: scale it to 0') },
    change((request) => service.stop(request)),
  );
  api.post<{ Params: ServerParams }>(
    '/servers/:serverId/start',
    { schema: changeOperation('startServer', 'Start a stopped server') },
    change((request) => service.start(request)),
  );
  api.delete<{ Params: ServerParams }>(
    '/servers/:serverId',
    { schema: changeOperation('deleteServer', 'Delete a server') },
    change((request) => service.remove(request)),
  );
}

function changeOperation(operationId: string, summary: string) {
  return operation({
    operationId,
    summary,
    request: { params: serverParamsSchema, headers: idempotencyHeadersSchema },
    accepted: { $ref: 'Accepted#' },
  });
}

function change(begin: (request: ChangeRequest) => Promise<AcceptedRollout | undefined>) {
  return async (request: FastifyRequest<{ Params: ServerParams }>, reply: FastifyReply) => {
    const { serverId } = request.params;
    const accepted = await ofKnownServer(serverId, () => begin({ ...readApiRequest(request), serverId }));
    return reply.code(202).send(acceptedView(accepted));
  };
}
