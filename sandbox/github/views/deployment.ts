import type { Hub } from '../hub.ts';
import type { Deployment, DeploymentStatus, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { repositoryUrl } from './repository.ts';
import { viewUser } from './user.ts';

export function viewDeployment(hub: Hub, repository: Repository, deployment: Deployment) {
  const api = `${repositoryUrl(hub, repository)}/deployments/${deployment.id}`;
  return {
    url: api,
    id: deployment.id,
    node_id: nodeId('Deployment', repository.id, deployment.id),
    task: deployment.task,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    created_at: deployment.createdAt,
    updated_at: deployment.updatedAt,
    statuses_url: `${api}/statuses`,
    repository_url: repositoryUrl(hub, repository),
    creator: viewUser(hub, hub.store.account(deployment.accountId)),
    sha: deployment.sha,
    ref: deployment.ref,
    payload: parsePayload(deployment.payload),
    transient_environment: deployment.transient,
    production_environment: deployment.production,
  };
}

export function viewDeploymentStatus(
  hub: Hub,
  repository: Repository,
  deployment: Deployment,
  status: DeploymentStatus,
) {
  const api = `${repositoryUrl(hub, repository)}/deployments/${deployment.id}`;
  return {
    url: `${api}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId('DeploymentStatus', repository.id, status.id),
    state: status.state,
    creator: viewUser(hub, hub.store.account(status.accountId)),
    description: status.description,
    environment: status.environment,
    target_url: status.logUrl,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    deployment_url: api,
    repository_url: repositoryUrl(hub, repository),
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
  };
}

function parsePayload(payload: string): unknown {
  try {
    const value: unknown = JSON.parse(payload || '{}');
    return typeof value === 'object' && value !== null ? value : payload;
  } catch {
    return payload;
  }
}
