import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type ApplicationFunction, createNodeMiddleware, Probot } from 'probot';
import type { Log } from '../ports/log.ts';
import type { DeliveryLog } from '../ports/stores.ts';
import { checkPayload } from './check-payload.ts';

/** Where GitHub sends webhooks; `app.yml` says the same. */
export const WEBHOOK_PATH = '/api/github/webhooks';

/** GitHub caps a payload at 25 MB. */
const PAYLOAD_BYTES_MAX = 25 * 1024 * 1024;

/**
 * Mounts Probot's middleware, which checks the signature, on the webhook path. The body must say its length. A signed
 * one that can never be handled is recorded as failed and accepted: whatever is not answered by 2xx is asked for again.
 */
export async function registerWebhooks(
  fastify: FastifyInstance,
  options: {
    app: ApplicationFunction;
    deliveryLog: Pick<DeliveryLog, 'refuse'>;
    log: Log;
    appId: number;
    privateKey: string;
    secret: string;
    apiUrl: string;
    logLevel: string;
  },
): Promise<void> {
  const { appId, privateKey, secret, apiUrl, deliveryLog, log } = options;
  const probot = new Probot({ appId, privateKey, secret, baseUrl: apiUrl, log: pino({ level: options.logLevel }) });
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
      const body = await readText(request.raw);
      const problem = checkPayload(body);
      if (problem !== undefined && (await isSigned(probot, request.raw, body))) {
        const delivery = { id: header(request.raw, 'x-github-delivery'), event: header(request.raw, 'x-github-event') };
        log.warn({ delivery: delivery.id, event: delivery.event, problem }, 'Delivery is refused');
        await deliveryLog.refuse({ ...delivery, reason: problem });
        return reply.code(202).send({ ignored: problem });
      }
      reply.hijack();
      await middleware(Object.assign(request.raw, { body }), reply.raw);
    });
  });
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Whether the webhook comes from GitHub, with the headers that a delivery has. */
async function isSigned(probot: Probot, request: IncomingMessage, body: string): Promise<boolean> {
  const names = ['x-github-delivery', 'x-github-event', 'x-hub-signature-256'];
  if (body === '' || names.some((name) => header(request, name) === '')) return false;
  return probot.webhooks.verify(body, header(request, 'x-hub-signature-256'));
}

function header(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? '');
}
