import { type FragmentSqlToken, type PrimitiveValueExpression, sql } from 'slonik';
import type { HostedServerStatus, ServerSource, ToolSummary } from '../../domain/hosted-server.ts';
import type { HostedServerChange } from '../../domain/hosted-server-change.ts';
import { DOCKER_IMAGE_CHARACTERS_MAX, SERVER_NAME_CHARACTERS_MAX } from './create-hosted-server.ts';
import type { Connection } from './database.ts';
import { boundedText, shortenedText, storableJson, storableText } from './storable.ts';

/** A status is one sentence; a cause from a log may be longer. */
const STATUS_MESSAGE_CHARACTERS_MAX = 2_000;
const DESCRIPTION_CHARACTERS_MAX = 2_000;
const IMAGE_TAG_CHARACTERS_MAX = 100;

/** Tools are named by the server itself, a stranger: as many as a client can use, as long as is readable. */
const TOOLS_MAX = 500;
const TOOL_NAME_CHARACTERS_MAX = 200;
const TOOL_DESCRIPTION_CHARACTERS_MAX = 1_000;

/**
 * Applies the change to the row and its source; `stopped_at`, `deleted_at` and `updated_at` follow the status.
 * A deleted server stays deleted: the end of an older rollout must not bring it back.
 */
export async function changeHostedServer(
  transaction: Connection,
  hostedServerId: string,
  change: HostedServerChange,
): Promise<void> {
  const columns = [...rowColumns(change), sql.fragment`updated_at = NOW()`];
  await transaction.query(sql.unsafe`
    UPDATE hosted_servers SET ${sql.join(columns, sql.fragment`, `)} WHERE id = ${hostedServerId}
  `);
  const source = sourceColumns(change);
  if (source.length === 0) return;
  await transaction.query(sql.unsafe`
    UPDATE server_sources SET ${sql.join(source, sql.fragment`, `)} WHERE hosted_server_id = ${hostedServerId}
  `);
}

function rowColumns(change: HostedServerChange): FragmentSqlToken[] {
  const columns: FragmentSqlToken[] = [];
  if (change.status !== undefined) columns.push(...statusColumns(change.status));
  if (change.statusMessage !== undefined) {
    columns.push(set('status_message', orNull(change.statusMessage, STATUS_MESSAGE_CHARACTERS_MAX)));
  }
  if (change.description !== undefined) {
    columns.push(set('description', orNull(change.description, DESCRIPTION_CHARACTERS_MAX)));
  }
  if (change.dockerImage !== undefined) {
    columns.push(set('docker_image', boundedText('image name', change.dockerImage, DOCKER_IMAGE_CHARACTERS_MAX)));
  }
  if (change.imageTag !== undefined) {
    columns.push(set('image_tag', boundedText('image tag', change.imageTag, IMAGE_TAG_CHARACTERS_MAX)));
  }
  if (change.endpointUrl !== undefined) columns.push(set('endpoint_url', storableText(change.endpointUrl)));
  if (change.serverName !== undefined) {
    columns.push(set('server_name', boundedText('server name', change.serverName, SERVER_NAME_CHARACTERS_MAX)));
  }
  if (change.tools !== undefined) columns.push(setJson('tools', change.tools.slice(0, TOOLS_MAX).map(boundedTool)));
  if (change.envVars !== undefined) columns.push(setJson('env_vars', change.envVars));
  return columns;
}

function statusColumns(status: HostedServerStatus): FragmentSqlToken[] {
  return [
    sql.fragment`status = CASE WHEN status = 'deleted' THEN status ELSE ${status} END`,
    sql.fragment`stopped_at = CASE WHEN ${status} = 'stopped' THEN COALESCE(stopped_at, NOW())
      WHEN ${status} IN ('running', 'failed') THEN NULL ELSE stopped_at END`,
    ...(status === 'deleted' ? [sql.fragment`deleted_at = COALESCE(deleted_at, NOW())`] : []),
  ];
}

function sourceColumns({ status, source = {} }: HostedServerChange): FragmentSqlToken[] {
  const columns = Object.entries({
    repository_owner: source.repository?.owner,
    repository_name: source.repository?.name,
    repository_id: source.repositoryId,
    installation_id: source.installationId,
    default_branch: source.defaultBranch === undefined ? undefined : storableText(source.defaultBranch),
    pull_request: source.pullRequest,
    home_issue: source.homeIssue,
  } satisfies Record<string, ServerSource[keyof ServerSource]>).flatMap(([column, value]) =>
    value === undefined ? [] : [set(column, value)],
  );
  if (source.deployed !== undefined) columns.push(setJson('deployed', source.deployed));
  if (status === 'deleted') columns.push(sql.fragment`living = FALSE`);
  return columns;
}

function set(column: string, value: PrimitiveValueExpression): FragmentSqlToken {
  return sql.fragment`${sql.identifier([column])} = ${value}`;
}

function setJson(column: string, value: unknown): FragmentSqlToken {
  return sql.fragment`${sql.identifier([column])} = ${storableJson(value)}::jsonb`;
}

function orNull(text: string | null, charactersMax: number): string | null {
  return text === null ? null : shortenedText(text, charactersMax);
}

function boundedTool({ name, description }: ToolSummary): ToolSummary {
  return {
    name: shortenedText(name, TOOL_NAME_CHARACTERS_MAX),
    ...(description === undefined ? {} : { description: shortenedText(description, TOOL_DESCRIPTION_CHARACTERS_MAX) }),
  };
}
