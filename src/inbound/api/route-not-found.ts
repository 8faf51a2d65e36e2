import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { createProblem, type Problem, sendProblem } from './problem.ts';

/** As much of a stranger's URL as is said back. */
const URL_CHARACTERS_MAX = 200;

export function routeNotFound({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): Problem {
  const shown = JSON.stringify(url.slice(0, URL_CHARACTERS_MAX));
  return createProblem({
    code: 'route-not-found',
    status: 404,
    detail: `Cannot ${method} ${shown}: there is no such endpoint, expected one of docs/openapi.json`,
    hint: 'Check the path and the method.',
  });
}

/**
 * For Fastify's `frameworkErrors`: URLs that never reach a route, since they are too long or no URL encoding, and would
 * else be answered in Fastify's own form.
 */
export function answerUnroutable(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(reply, routeNotFound({ method: request.method, url: request.raw.url ?? '' }));
}
