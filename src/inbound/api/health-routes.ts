import type { FastifyInstance } from 'fastify';
import { createProblem, sendProblem } from './problem.ts';

const healthSchema = {
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string' } },
} as const;

/** For the bot's own probes: `/health` while the process serves, `/ready` while it can do its work. */
export function registerHealthRoutes(fastify: FastifyInstance, ready: () => Promise<boolean>): void {
  fastify.get(
    '/health',
    { schema: { operationId: 'health', summary: 'Whether the process serves', response: { 200: healthSchema } } },
    async () => ({ status: 'ok' }),
  );
  fastify.get(
    '/ready',
    {
      schema: {
        operationId: 'ready',
        summary: 'Whether the database answers',
        response: { 200: healthSchema, 503: { $ref: 'Problem#' } },
      },
    },
    async (_request, reply) => ((await ready()) ? { status: 'ready' } : sendProblem(reply, notReady())),
  );
}

function notReady() {
  return createProblem({
    code: 'not-ready',
    status: 503,
    detail: 'Cannot work now: the database does not answer, expected it to',
    hint: 'Wait; if it stays, check DATABASE_URL and the database.',
  });
}
