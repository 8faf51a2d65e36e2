import { HOSTED_SERVER_STATUSES, type HostedServer } from '../../domain/hosted-server.ts';
import { fullName } from '../../domain/repository.ts';

const nullableText = { type: ['string', 'null'] } as const;
const nullableTime = { type: ['string', 'null'], format: 'date-time' } as const;

export const toolSchema = {
  $id: 'Tool',
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' }, description: { type: 'string' } },
} as const;

/** All that goes out of a row of `hosted_servers` and its source. */
export const serverSchema = {
  $id: 'Server',
  type: 'object',
  required: ['serverId', 'serverName', 'status', 'endpointUrl', 'createdAt', 'updatedAt', 'source'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    serverId: { type: 'string' },
    serverName: { type: 'string' },
    description: nullableText,
    conversationId: { type: ['string', 'null'], format: 'uuid' },
    dockerImage: { type: 'string' },
    imageTag: { type: 'string' },
    k8sNamespace: { type: 'string' },
    k8sDeploymentName: { type: 'string' },
    endpointUrl: { type: 'string' },
    status: { type: 'string', enum: HOSTED_SERVER_STATUSES },
    statusMessage: nullableText,
    requestCount: { type: 'integer' },
    lastRequestAt: nullableTime,
    createdAt: { type: 'string', format: 'date-time' },
    updatedAt: { type: 'string', format: 'date-time' },
    stoppedAt: nullableTime,
    deletedAt: nullableTime,
    tools: {
      type: ['array', 'null'],
      description: 'What the server named in tools/list when it was verified; its own words',
      items: { $ref: 'Tool#' },
    },
    envVars: { type: ['array', 'null'], description: 'Names, never values', items: { type: 'string' } },
    source: {
      type: 'object',
      required: ['repository', 'defaultBranch'],
      properties: {
        repository: { type: 'string', description: 'owner/name' },
        defaultBranch: { type: 'string' },
        pullRequest: { type: 'integer', description: 'Set for a preview' },
        homeIssue: { type: 'integer' },
      },
    },
    deployed: {
      type: ['object', 'null'],
      description: 'What was merged last',
      required: ['version', 'digest', 'commitSha', 'replicas', 'access'],
      properties: {
        version: { type: 'string' },
        digest: { type: 'string' },
        commitSha: { type: 'string' },
        replicas: { type: 'integer' },
        access: { type: 'string', enum: ['private', 'public'] },
      },
    },
  },
} as const;

export function serverView(server: HostedServer) {
  const { source } = server;
  return {
    id: server.id,
    serverId: server.serverId,
    serverName: server.serverName,
    description: server.description,
    conversationId: server.conversationId,
    dockerImage: server.dockerImage,
    imageTag: server.imageTag,
    k8sNamespace: server.k8sNamespace,
    k8sDeploymentName: server.k8sDeploymentName,
    endpointUrl: server.endpointUrl,
    status: server.status,
    statusMessage: server.statusMessage,
    requestCount: server.requestCount,
    lastRequestAt: server.lastRequestAt?.toISOString() ?? null,
    createdAt: server.createdAt.toISOString(),
    updatedAt: server.updatedAt.toISOString(),
    stoppedAt: server.stoppedAt?.toISOString() ?? null,
    deletedAt: server.deletedAt?.toISOString() ?? null,
    tools: server.tools,
    envVars: server.envVars,
    source: {
      repository: fullName(source.repository),
      defaultBranch: source.defaultBranch,
      pullRequest: source.pullRequest,
      homeIssue: source.homeIssue,
    },
    deployed: source.deployed
      ? {
          version: source.deployed.version,
          digest: source.deployed.digest,
          commitSha: source.deployed.source.commitSha,
          replicas: source.deployed.replicas,
          access: source.deployed.config.access === 'public' ? 'public' : 'private',
        }
      : null,
  };
}
