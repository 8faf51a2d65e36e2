import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type ApplicationFunction, createNodeMiddleware, Probot } from 'probot';

/** Where GitHub sends webhooks; `app.yml` says the same. */
export const WEBHOOK_PATH = '/api/github/webhooks';

/** GitHub caps a payload at 25 MB. */
const PAYLOAD_BYTES_MAX = 25 * 1024 * 1024;

/** Mounts Probot's middleware, which checks the signature, on the webhook path. The body must say its length. */
export async function registerWebhooks(
  fastify: FastifyInstance,
  options: {
    app: ApplicationFunction;
    appId: number;
    privateKey: string;
    secret: string;
    apiUrl: string;
    logLevel: string;
  },
): Promise<void> {
  const { appId, privateKey, secret, apiUrl } = options;
  const log = pino({ level: options.logLevel });
  const probot = new Probot({ appId, privateKey, secret, baseUrl: apiUrl, log });
  const middleware = await createNodeMiddleware(options.app, { probot, webhooksPath: WEBHOOK_PATH });
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.post(WEBHOOK_PATH, async (request, reply) => {
      const length = Number(request.headers['content-length'] ?? Number.NaN);
      if (!(length <= PAYLOAD_BYTES_MAX)) {
        const status = Number.isNaN(length) ? 411 : 413;
        return reply.code(status).send({ error: 'A webhook says its length, and has 25 MB at most.' });
      }
      reply.hijack();
      await middleware(request.raw, reply.raw);
    });
  });
}
