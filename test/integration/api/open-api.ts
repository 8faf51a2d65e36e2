import { afterEach } from '@jest/globals';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import type { HostingService } from '../../../src/inbound/api/hosting-service.ts';
import { registerApi } from '../../../src/inbound/api/register-api.ts';
import { answerUnroutable } from '../../../src/inbound/api/route-not-found.ts';

export const TOKEN = `mcph_${'t'.repeat(43)}`;

/** What was asked of the service, in order. */
interface Asked {
  method: keyof HostingService;
  arguments: unknown[];
}

const opened: FastifyInstance[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((fastify) => fastify.close()));
});

/** The API on a service that knows no server, but for the methods that are given. */
export async function openApi(methods: Partial<HostingService> = {}, isReady = true) {
  const asked: Asked[] = [];
  const fastify = Fastify({ bodyLimit: 10_000, frameworkErrors: answerUnroutable });
  opened.push(fastify);
  await registerApi(fastify, {
    service: recording({ ...unknownServers(), ...methods }, asked),
    tokens: { verify: async (token) => (token === TOKEN ? 'cli' : undefined) },
    ready: async () => isReady,
  });
  const call = async (method: InjectOptions['method'], path: string, options: Partial<InjectOptions> = {}) => {
    const headers = { authorization: `Bearer ${TOKEN}`, ...options.headers };
    const response = await fastify.inject({ method: method ?? 'GET', url: `/api/hosting${path}`, ...options, headers });
    return { status: response.statusCode, headers: response.headers, text: response.body, body: parse(response.body) };
  };
  return { fastify, call, asked };
}

function unknownServers(): HostingService {
  const nothing = async () => undefined;
  return {
    deploy: async ({ requestId }) => ({ serverId: 'hello-k3v9x2', rolloutId: requestId }),
    list: async () => [],
    get: nothing,
    status: nothing,
    logs: nothing,
    stop: nothing,
    start: nothing,
    remove: nothing,
    setSecrets: nothing,
    unsetSecret: nothing,
    listSecrets: nothing,
    createKey: nothing,
    listKeys: nothing,
    revokeKey: nothing,
  };
}

function recording(service: HostingService, asked: Asked[]): HostingService {
  return new Proxy(service, {
    get(target, property) {
      const method = property as keyof HostingService;
      return (...given: unknown[]) => {
        asked.push({ method, arguments: given });
        return (target[method] as (...args: unknown[]) => unknown)(...given);
      };
    },
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came.
function parse(body: string): any {
  return body === '' ? undefined : JSON.parse(body);
}
