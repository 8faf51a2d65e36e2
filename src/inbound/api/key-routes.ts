import type { FastifyInstance } from 'fastify';
import type { AccessKey } from '../../domain/access-key.ts';
import type { HostingService } from './hosting-service.ts';
import { ofKnownServer, type ServerParams, serverParamsSchema } from './known-server.ts';
import { operation } from './operation.ts';

const NAME_CHARS_MAX = 100;

const nullableTime = { type: ['string', 'null'], format: 'date-time' } as const;

/** What is told of an access key as often as it is asked. */
export const accessKeySchema = {
  $id: 'AccessKey',
  type: 'object',
  required: ['id', 'name', 'createdAt', 'createdBy', 'expiresAt', 'lastUsedAt'],
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    createdAt: { type: 'string', format: 'date-time' },
    createdBy: { type: 'string', description: 'Name of the API token' },
    expiresAt: { ...nullableTime, description: 'null: never' },
    lastUsedAt: { ...nullableTime, description: 'As far as the pod that was asked knows; null: no use is known' },
  },
} as const;

export function registerKeyRoutes(api: FastifyInstance, service: HostingService): void {
  registerList(api, service);
  registerCreate(api, service);
  const revoke = operation({
    operationId: 'revokeKey',
    summary: 'Revoke an access key for good: the wrapper refuses it within seconds, two minutes at most',
    request: {
      params: {
        type: 'object',
        required: ['serverId', 'keyId'],
        properties: { ...serverParamsSchema.properties, keyId: { type: 'string' } },
      },
    },
    ok: {
      type: 'object',
      required: ['serverId', 'id', 'revoked'],
      properties: { serverId: { type: 'string' }, id: { type: 'string' }, revoked: { type: 'boolean', const: true } },
    },
  });
  api.delete<{ Params: ServerParams & { keyId: string } }>(
    '/servers/:serverId/keys/:keyId',
    { schema: revoke },
    async ({ params: { serverId, keyId }, tokenName: requestedBy }) => {
      const revoked = await ofKnownServer(serverId, () => service.revokeKey({ serverId, keyId, requestedBy }));
      return { serverId, id: keyId, revoked };
    },
  );
}

function registerList(api: FastifyInstance, service: HostingService): void {
  const schema = operation({
    operationId: 'listKeys',
    summary: 'The access keys of a server, oldest first, without the keys themselves',
    request: { params: serverParamsSchema },
    ok: {
      type: 'object',
      required: ['serverId', 'keys'],
      properties: { serverId: { type: 'string' }, keys: { type: 'array', items: { $ref: 'AccessKey#' } } },
    },
  });
  api.get<{ Params: ServerParams }>('/servers/:serverId/keys', { schema }, async ({ params: { serverId } }) => {
    const keys = await ofKnownServer(serverId, () => service.listKeys(serverId));
    return { serverId, keys: keys.map(keyView) };
  });
}

function registerCreate(api: FastifyInstance, service: HostingService): void {
  const schema = operation({
    operationId: 'createKey',
    summary: 'Make an access key of a server; it is shown this once and works within seconds, two minutes at most',
    request: {
      params: serverParamsSchema,
      body: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1, maxLength: NAME_CHARS_MAX, description: 'Whom or what it is for' },
          expiresAt: { ...nullableTime, description: 'Left out: never' },
        },
      },
    },
    created: {
      type: 'object',
      required: [...accessKeySchema.required, 'serverId', 'endpointUrl', 'key'],
      properties: {
        ...accessKeySchema.properties,
        serverId: { type: 'string' },
        endpointUrl: { type: 'string' },
        key: { type: 'string', description: 'What clients send as bearer token' },
      },
    },
  });
  api.post<{ Params: ServerParams; Body: { name: string; expiresAt?: string | null } }>(
    '/servers/:serverId/keys',
    { schema },
    async ({ params: { serverId }, body, tokenName: requestedBy }, reply) => {
      const expiresAt = body.expiresAt ? new Date(body.expiresAt) : null;
      const created = await ofKnownServer(serverId, () =>
        service.createKey({ serverId, name: body.name, expiresAt, requestedBy }),
      );
      const { key, endpointUrl } = created;
      return reply.code(201).send({ ...keyView(created), serverId, endpointUrl, key });
    },
  );
}

function keyView({ id, name, createdAt, createdBy, expiresAt, lastUsedAt }: AccessKey) {
  return {
    id,
    name,
    createdAt: createdAt.toISOString(),
    createdBy,
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
