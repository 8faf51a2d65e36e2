import { need } from '../access/authorize.ts';
import { notFound } from '../github-error.ts';
import { createDeployment, createDeploymentStatus } from '../model/deployments.ts';
import type { Deployment, DeploymentState } from '../store/entities.ts';
import { viewDeployment, viewDeploymentStatus } from '../views/deployment.ts';
import { readFlag, readNullableText, readText, readTexts } from './fields.ts';
import { paged } from './paging.ts';
import {
  idParam,
  json,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('read', 'deployments:read');
const WRITE = need('write', 'deployments:write');

export const deploymentRoutes: Routes = {
  'POST /repos/{owner}/{repo}/deployments': repositoryRoute(WRITE, create),
  'GET /repos/{owner}/{repo}/deployments': repositoryRoute(READ, (call) => {
    const { hub, repository, query } = call;
    const matching = repository.deployments.filter((one) =>
      (['sha', 'ref', 'task', 'environment'] as const).every((name) => {
        const wanted = query.get(name);
        return wanted === null || one[name] === wanted;
      }),
    );
    return paged(call, matching.reverse(), (one) => viewDeployment(hub, repository, one));
  }),
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}': repositoryRoute(READ, (call) => {
    return json(viewDeployment(call.hub, call.repository, deploymentParam(call)));
  }),
  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': repositoryRoute(WRITE, (call) => {
    const { hub, repository, body } = call;
    const deployment = deploymentParam(call);
    const status = createDeploymentStatus(hub, repository, deployment, senderOf(call), {
      state: readText(body, 'state') as DeploymentState,
      description: readText(body, 'description'),
      environment: readText(body, 'environment'),
      environmentUrl: readText(body, 'environment_url'),
      logUrl: readText(body, 'log_url') ?? readText(body, 'target_url'),
      autoInactive: readFlag(body, 'auto_inactive'),
    });
    return json(viewDeploymentStatus(hub, repository, deployment, status), 201);
  }),
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': repositoryRoute(READ, (call) => {
    const deployment = deploymentParam(call);
    return paged(call, deployment.statuses.toReversed(), (one) =>
      viewDeploymentStatus(call.hub, call.repository, deployment, one),
    );
  }),
};

async function create(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository, body } = call;
  const payload = body.payload;
  const deployment = await createDeployment(hub, repository, senderOf(call), {
    ref: readText(body, 'ref') ?? '',
    task: readText(body, 'task'),
    environment: readText(body, 'environment'),
    description: readNullableText(body, 'description'),
    payload: typeof payload === 'string' ? payload : payload === undefined ? '' : JSON.stringify(payload),
    autoMerge: readFlag(body, 'auto_merge'),
    requiredContexts: readTexts(body, 'required_contexts'),
    transient: readFlag(body, 'transient_environment'),
    production: readFlag(body, 'production_environment'),
  });
  return json(viewDeployment(hub, repository, deployment), 201);
}

function deploymentParam(call: RepositoryCall): Deployment {
  const id = idParam(call, 'deployment_id');
  const deployment = call.repository.deployments.find((one) => one.id === id);
  if (!deployment) throw notFound();
  return deployment;
}
