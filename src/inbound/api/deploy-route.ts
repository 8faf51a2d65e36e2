import type { FastifyInstance } from 'fastify';
import { parseRepositoryName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import type { HostingService } from './hosting-service.ts';
import { acceptedView, operation } from './operation.ts';
import { idempotencyHeadersSchema, readApiRequest } from './request-id.ts';

/** The largest that the columns and GitHub take. */
const ISSUE_MAX = 2_147_483_647;

const schema = operation({
  operationId: 'deployServer',
  summary: 'Deploy the server of a repository',
  accepted: { $ref: 'Accepted#' },
  request: {
    params: {
      type: 'object',
      required: ['conversationId'],
      properties: { conversationId: { type: 'string', format: 'uuid' } },
    },
    headers: idempotencyHeadersSchema,
    body: {
      type: 'object',
      required: ['repository'],
      additionalProperties: false,
      properties: {
        repository: {
          type: 'string',
          maxLength: 140,
          pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$',
          description: 'owner/name; the GitHub App must be installed there',
        },
        issue: { type: 'integer', minimum: 1, maximum: ISSUE_MAX, description: 'Where the comment goes' },
      },
    },
  },
});

export function registerDeployRoute(api: FastifyInstance, service: HostingService): void {
  api.post<{ Params: { conversationId: string }; Body: { repository: string; issue?: number } }>(
    '/deploy/:conversationId',
    { schema },
    async (request, reply) => {
      const { repository, issue } = request.body;
      const accepted = await service.deploy({
        ...readApiRequest(request),
        conversationId: request.params.conversationId.toLowerCase(),
        repository: readRepository(repository),
        ...(issue === undefined ? {} : { issue }),
      });
      return reply.code(202).send(acceptedView(accepted));
    },
  );
}

function readRepository(text: string) {
  const repository = parseRepositoryName(text);
  if (repository) return repository;
  throw new UserError(
    'repository-name-invalid',
    `Cannot deploy "${text}": it is no repository name, expected owner/name`,
    'Write the repository as GitHub shows it, for instance acme/stripe-server.',
  );
}
