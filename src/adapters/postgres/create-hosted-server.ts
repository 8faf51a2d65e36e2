import { sql, UniqueIntegrityConstraintViolationError } from 'slonik';
import { z } from 'zod';
import { UserError } from '../../domain/user-error.ts';
import type { NewHostedServer } from '../../ports/stores.ts';
import type { Connection } from './database.ts';
import { boundedText, storableJson, storableText } from './storable.ts';

/** Column sizes of the seed's table. */
export const SERVER_NAME_CHARACTERS_MAX = 100;
const SERVER_ID_CHARACTERS_MAX = 50;
export const DOCKER_IMAGE_CHARACTERS_MAX = 255;
const K8S_NAME_CHARACTERS_MAX = 100;

/**
 * Inserts the row and its source.
 * @throws UserError server-id-taken, text-too-long
 * @throws UniqueIntegrityConstraintViolationError of `server_sources_living` when the source has a living server
 */
export async function createHostedServer(transaction: Connection, server: NewHostedServer): Promise<void> {
  const { id } = await insertRow(transaction, server);
  const { source } = server;
  await transaction.query(sql.unsafe`
    INSERT INTO server_sources (hosted_server_id, repository_owner, repository_name, repository_id, installation_id,
      default_branch, pull_request, home_issue, deployed)
    VALUES (${id}, ${source.repository.owner}, ${source.repository.name}, ${source.repositoryId},
      ${source.installationId}, ${storableText(source.defaultBranch)}, ${source.pullRequest ?? null},
      ${source.homeIssue ?? null}, ${source.deployed ? storableJson(source.deployed) : null}::jsonb)
  `);
}

async function insertRow(transaction: Connection, server: NewHostedServer): Promise<{ id: string }> {
  const serverId = boundedText('server id', server.serverId, SERVER_ID_CHARACTERS_MAX);
  const inserted = await transaction.maybeOne(sql.type(z.object({ id: z.string() }))`
    INSERT INTO hosted_servers (conversation_id, server_name, server_id, description, docker_image, k8s_namespace,
      k8s_deployment_name, endpoint_url)
    VALUES (
      ${server.conversationId}::uuid,
      ${boundedText('server name', server.serverName, SERVER_NAME_CHARACTERS_MAX)},
      ${serverId},
      ${server.description === null ? null : storableText(server.description)},
      ${boundedText('image name', server.dockerImage, DOCKER_IMAGE_CHARACTERS_MAX)},
      ${boundedText('namespace', server.k8sNamespace, K8S_NAME_CHARACTERS_MAX)},
      ${`mcp-${serverId}`},
      ${storableText(server.endpointUrl)}
    )
    ON CONFLICT (server_id) DO NOTHING
    RETURNING id
  `);
  if (inserted) return inserted;
  throw new UserError(
    'server-id-taken',
    `Cannot create the server "${serverId}": the id is taken, expected a free one`,
    'Try again; another id is drawn.',
  );
}

/** Whether the source has a living server already. */
export function isLivingSourceTaken(error: unknown): boolean {
  return error instanceof UniqueIntegrityConstraintViolationError && error.constraint === 'server_sources_living';
}
