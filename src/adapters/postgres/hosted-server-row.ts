import { sql } from 'slonik';
import { z } from 'zod';
import { HOSTED_SERVER_STATUSES, type HostedServer, type ToolSummary } from '../../domain/hosted-server.ts';
import type { OverlayInput } from '../../domain/overlay-input.ts';

/** Of `hosted_servers` (h) and `server_sources` (s); what we stored ourselves as JSON is taken as it is. */
export const hostedServerRow = z.object({
  id: z.string(),
  conversation_id: z.string().nullable(),
  server_id: z.string(),
  server_name: z.string(),
  description: z.string().nullable(),
  docker_image: z.string(),
  image_tag: z.string(),
  k8s_namespace: z.string(),
  k8s_deployment_name: z.string(),
  endpoint_url: z.string(),
  status: z.enum(HOSTED_SERVER_STATUSES),
  status_message: z.string().nullable(),
  request_count: z.number(),
  last_request_at: z.date().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
  stopped_at: z.date().nullable(),
  deleted_at: z.date().nullable(),
  tools: z.custom<ToolSummary[] | null>(),
  env_vars: z.custom<string[] | null>(),
  repository_owner: z.string(),
  repository_name: z.string(),
  repository_id: z.number(),
  installation_id: z.number(),
  default_branch: z.string(),
  pull_request: z.number().nullable(),
  home_issue: z.number().nullable(),
  deployed: z.custom<OverlayInput | null>(),
});

/** `SELECT … FROM hosted_servers h JOIN server_sources s`, to be followed by its conditions. */
export const selectHostedServer = sql.fragment`
  SELECT h.id, h.conversation_id, h.server_id, h.server_name, h.description, h.docker_image,
    COALESCE(h.image_tag, 'latest') AS image_tag, COALESCE(h.k8s_namespace, 'mcp-servers') AS k8s_namespace,
    COALESCE(h.k8s_deployment_name, 'mcp-' || h.server_id) AS k8s_deployment_name,
    h.endpoint_url, COALESCE(h.status, 'pending') AS status, h.status_message,
    COALESCE(h.request_count, 0) AS request_count, h.last_request_at,
    COALESCE(h.created_at, 'epoch') AS created_at, COALESCE(h.updated_at, 'epoch') AS updated_at,
    h.stopped_at, h.deleted_at, h.tools, h.env_vars,
    s.repository_owner, s.repository_name, s.repository_id, s.installation_id, s.default_branch,
    s.pull_request, s.home_issue, s.deployed
  FROM hosted_servers h
  JOIN server_sources s ON s.hosted_server_id = h.id
`;

export function toHostedServer(row: z.infer<typeof hostedServerRow>): HostedServer {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    serverId: row.server_id,
    serverName: row.server_name,
    description: row.description,
    dockerImage: row.docker_image,
    imageTag: row.image_tag,
    k8sNamespace: row.k8s_namespace,
    k8sDeploymentName: row.k8s_deployment_name,
    endpointUrl: row.endpoint_url,
    status: row.status,
    statusMessage: row.status_message,
    requestCount: row.request_count,
    lastRequestAt: row.last_request_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    stoppedAt: row.stopped_at,
    deletedAt: row.deleted_at,
    tools: row.tools,
    envVars: row.env_vars,
    source: {
      repository: { owner: row.repository_owner, name: row.repository_name },
      repositoryId: row.repository_id,
      installationId: row.installation_id,
      defaultBranch: row.default_branch,
      ...(row.pull_request === null ? {} : { pullRequest: row.pull_request }),
      ...(row.home_issue === null ? {} : { homeIssue: row.home_issue }),
      ...(row.deployed === null ? {} : { deployed: row.deployed }),
    },
  };
}
