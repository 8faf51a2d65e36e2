import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RetryLaterError } from '../../ports/retry-later.ts';
import type { ApiTokens } from '../../ports/stores.ts';
import { authenticate } from './authenticate.ts';
import { registerChangeRoutes } from './change-routes.ts';
import { registerDeployRoute } from './deploy-route.ts';
import { registerHealthRoutes } from './health-routes.ts';
import type { HostingService } from './hosting-service.ts';
import { accessKeySchema, registerKeyRoutes } from './key-routes.ts';
import { registerListRoute } from './list-route.ts';
import { acceptedSchema } from './operation.ts';
import { createProblem, type Problem, problemOf, problemSchema, sendProblem } from './problem.ts';
import { registerReadRoutes } from './read-routes.ts';
import { createValidatorCompiler, describeErrors } from './request-validator.ts';
import { pullRequestSchema, rolloutSchema } from './rollout-view.ts';
import { routeNotFound } from './route-not-found.ts';
import { registerSecretRoutes, secretsChangedSchema } from './secret-routes.ts';
import { serverSchema, toolSchema } from './server-view.ts';
import { podSchema, statusSchema } from './status-view.ts';

const API_PREFIX = '/api/hosting';

/** Where a parameter is that is wrong, before its name; fields of the body have a JSON pointer alone. */
const PLACES: Readonly<Record<string, string>> = { body: '', querystring: 'query', params: 'path', headers: 'header' };

const SHARED_SCHEMAS = [
  problemSchema,
  toolSchema,
  pullRequestSchema,
  rolloutSchema,
  podSchema,
  serverSchema,
  statusSchema,
  acceptedSchema,
  secretsChangedSchema,
  accessKeySchema,
];

export interface ApiDependencies {
  service: HostingService;
  tokens: Pick<ApiTokens, 'verify'>;
  /** Whether the bot can do its work. */
  ready: () => Promise<boolean>;
}

/** Adds the HTTP API under `/api/hosting`, and `/health` and `/ready` for the bot's probes. */
export async function registerApi(
  fastify: FastifyInstance,
  { service, tokens, ready }: ApiDependencies,
): Promise<void> {
  for (const schema of SHARED_SCHEMAS) fastify.addSchema(schema);
  registerHealthRoutes(fastify, ready);
  await fastify.register(
    async (api) => {
      api.decorateRequest('tokenName', '');
      api.setValidatorCompiler(createValidatorCompiler());
      api.setErrorHandler(answerError);
      api.addHook('onRequest', authenticate(tokens));
      // Keys and states: for the one who asked, now.
      api.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
      api.setNotFoundHandler((request, reply) => sendProblem(reply, routeNotFound(request)));
      acceptJson(api);
      registerDeployRoute(api, service);
      registerListRoute(api, service);
      registerReadRoutes(api, service);
      registerChangeRoutes(api, service);
      registerSecretRoutes(api, service);
      registerKeyRoutes(api, service);
    },
    { prefix: API_PREFIX },
  );
}

/** JSON alone. Many clients name it on a POST without a body, which Fastify's own parser refuses. */
function acceptJson(api: FastifyInstance): void {
  const parseJson = api.getDefaultJsonParser('error', 'error');
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parseJson(request, body as string, done);
  });
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.validation) return sendProblem(reply, invalidRequest(error));
  const refused = refusedByFastify(error);
  if (refused) return sendProblem(reply, refused);
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error({ error }, 'An API request failed');
  if (error instanceof RetryLaterError) reply.header('retry-after', Math.max(1, Math.ceil(error.afterMs / 1_000)));
  return sendProblem(reply, problem);
}

function invalidRequest({ validation = [], validationContext = 'body' }: FastifyError): Problem {
  const errors = describeErrors(validation, PLACES[validationContext] ?? validationContext);
  const [first] = errors;
  return createProblem({
    code: 'request-invalid',
    status: 400,
    detail: `Cannot take the request: ${first ? `${first.pointer || 'the body'} ${first.detail}` : 'it is not valid'}`,
    hint: 'Mend what "errors" lists; docs/openapi.json has every field.',
    errors,
  });
}

/** Bodies that Fastify itself refuses; its text may quote them, ours does not. */
function refusedByFastify({ code, statusCode }: FastifyError): Problem | undefined {
  if (statusCode === undefined || statusCode >= 500 || !code?.startsWith('FST_ERR_CTP')) {
    return statusCode === 400 ? malformedBody() : undefined;
  }
  if (statusCode === 413) {
    return createProblem({
      code: 'request-too-large',
      status: 413,
      detail: 'Cannot take the request: its body is too large, expected what the endpoint needs and no more',
      hint: 'Send only the fields that docs/openapi.json lists.',
    });
  }
  if (statusCode === 415) {
    return createProblem({
      code: 'media-type-unsupported',
      status: 415,
      detail: 'Cannot take the request: its body is of another type, expected application/json',
      hint: 'Send the body as JSON with "Content-Type: application/json".',
    });
  }
  return malformedBody();
}

function malformedBody(): Problem {
  return createProblem({
    code: 'request-malformed',
    status: 400,
    detail: 'Cannot read the request: its body is no valid JSON, expected a JSON object',
    hint: 'Send a JSON object, complete and in UTF-8.',
  });
}
