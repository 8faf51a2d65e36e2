import swagger from '@fastify/swagger';
import Fastify from 'fastify';
import type { HostingService } from './hosting-service.ts';
import { registerApi } from './register-api.ts';

/** The API's OpenAPI document, made from the schemas that requests and responses really go through. */
export async function describeApi(): Promise<object> {
  const fastify = Fastify();
  await fastify.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'mcp-hosting',
        version: '1',
        description: 'Deploys and looks after hosted MCP servers. Errors are application/problem+json with a code.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema-${index}`) },
  });
  await registerApi(fastify, {
    // Nothing is called: only the routes' schemas are read.
    service: {} as HostingService,
    tokens: { verify: async () => undefined },
    ready: async () => true,
  });
  await fastify.ready();
  const document = fastify.swagger();
  await fastify.close();
  return document;
}
