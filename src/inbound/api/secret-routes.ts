import type { FastifyInstance } from 'fastify';
import type { HostingService } from './hosting-service.ts';
import { ofKnownServer, type ServerParams, serverParamsSchema } from './known-server.ts';
import { operation } from './operation.ts';

/** What Kubernetes takes of a Secret, escaped as JSON. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

const names = { type: 'array', items: { type: 'string' } } as const;

/** What became of a change of a server's secrets. Names alone. */
export const secretsChangedSchema = {
  $id: 'SecretsChanged',
  type: 'object',
  required: ['serverId', 'changed', 'unchanged', 'undeclared', 'restarted'],
  properties: {
    serverId: { type: 'string' },
    changed: names,
    unchanged: { ...names, description: 'Had this value already, or none' },
    undeclared: { ...names, description: 'Not under env in .mcp-hosting.yml, so pods do not get them' },
    restarted: { type: 'boolean', description: 'Pods are being replaced by ones with the new values' },
  },
} as const;

/** Values go in and never come out. */
export function registerSecretRoutes(api: FastifyInstance, service: HostingService): void {
  const params = { params: serverParamsSchema };
  const list = operation({
    operationId: 'listSecrets',
    summary: "Names of a server's secrets, and who changed them last",
    request: params,
    ok: {
      type: 'object',
      required: ['serverId', 'secrets', 'missing'],
      properties: {
        serverId: { type: 'string' },
        secrets: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name', 'declared', 'changedAt', 'changedBy'],
            properties: {
              name: { type: 'string' },
              declared: { type: 'boolean', description: 'Under env in .mcp-hosting.yml' },
              changedAt: { type: ['string', 'null'], format: 'date-time', description: 'null: set elsewhere' },
              changedBy: { type: ['string', 'null'], description: 'Name of the API token' },
            },
          },
        },
        missing: { ...names, description: 'Declared, and without a value: pods wait for them' },
      },
    },
  });
  api.get<{ Params: ServerParams }>('/servers/:serverId/secrets', { schema: list }, ({ params: { serverId } }) =>
    ofKnownServer(serverId, () => service.listSecrets(serverId)),
  );

  const set = operation({
    operationId: 'setSecrets',
    summary: 'Set secrets of a server: pods that use one that changed are replaced',
    request: {
      ...params,
      body: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { type: 'string' },
        description: 'Values by name',
      },
    },
    ok: { $ref: 'SecretsChanged#' },
  });
  api.put<{ Params: ServerParams; Body: Record<string, string> }>(
    '/servers/:serverId/secrets',
    { schema: set, bodyLimit: BODY_BYTES_MAX },
    ({ params: { serverId }, body, tokenName: requestedBy }) =>
      ofKnownServer(serverId, () =>
        service.setSecrets({ serverId, values: new Map(Object.entries(body)), requestedBy }),
      ),
  );

  const unset = operation({
    operationId: 'unsetSecret',
    summary: 'Unset a secret of a server; pods that run keep it until they are replaced',
    request: {
      params: {
        type: 'object',
        required: ['serverId', 'name'],
        properties: { ...serverParamsSchema.properties, name: { type: 'string' } },
      },
    },
    ok: { $ref: 'SecretsChanged#' },
  });
  api.delete<{ Params: ServerParams & { name: string } }>(
    '/servers/:serverId/secrets/:name',
    { schema: unset },
    ({ params: { serverId, name }, tokenName: requestedBy }) =>
      ofKnownServer(serverId, () => service.unsetSecret({ serverId, name, requestedBy })),
  );
}
