import type { Deployment, DeploymentState, DeploymentStatus, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { accountNodeById } from './accounts.ts';
import { type ConnectionArguments, connection } from './connections.ts';
import type { GraphqlContext } from './context.ts';

export function deploymentNode(context: GraphqlContext, repository: Repository, deployment: Deployment) {
  const latest = deployment.statuses.at(-1);
  const id = nodeId('Deployment', repository.id, deployment.id);
  const status = (one: DeploymentStatus) => deploymentStatusNode(context, repository, deployment, one);
  return {
    __typename: 'Deployment',
    id,
    databaseId: deployment.id,
    commitOid: deployment.sha,
    environment: deployment.environment,
    latestEnvironment: deployment.environment,
    originalEnvironment: deployment.environment,
    description: deployment.description,
    payload: deployment.payload,
    task: deployment.task,
    createdAt: deployment.createdAt,
    updatedAt: deployment.updatedAt,
    state: latest?.state === 'success' ? 'ACTIVE' : graphqlState(latest?.state ?? 'pending'),
    creator: () => accountNodeById(context.hub, deployment.accountId),
    commit: () => context.nodes.commitByOid(repository, deployment.sha),
    ref: () => context.nodes.ref(repository, `refs/heads/${deployment.ref}`),
    repository: () => context.nodes.repository(repository),
    latestStatus: () => (latest ? status(latest) : null),
    statuses: (args: ConnectionArguments) => connection(deployment.statuses.toReversed(), args, status),
  };
}

export function deploymentStatusNode(
  context: GraphqlContext,
  repository: Repository,
  deployment: Deployment,
  status: DeploymentStatus,
) {
  return {
    __typename: 'DeploymentStatus',
    id: nodeId('DeploymentStatus', repository.id, status.id),
    state: graphqlState(status.state),
    description: status.description,
    environment: status.environment,
    environmentUrl: status.environmentUrl || null,
    logUrl: status.logUrl || null,
    createdAt: status.createdAt,
    updatedAt: status.createdAt,
    creator: () => accountNodeById(context.hub, status.accountId),
    deployment: () => deploymentNode(context, repository, deployment),
  };
}

function graphqlState(state: DeploymentState): string {
  return state.toUpperCase();
}
