import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { answerUnroutable } from './api/route-not-found.ts';

/** For a request to arrive whole: GitHub gives up on a webhook after 10 s, and nobody may hold connections open. */
const REQUEST_MS_MAX = 30_000;

/** The server of webhooks and of the API, without routes yet. */
export function createHttpServer(log: FastifyBaseLogger) {
  return Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024 * 1024,
    requestTimeout: REQUEST_MS_MAX,
    // A proxy keeps its connections until it is told to close them: what comes on one of them is still answered.
    return503OnClosing: false,
    frameworkErrors: answerUnroutable,
  });
}
