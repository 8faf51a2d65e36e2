import { need } from '../access/authorize.ts';
import { GitHubError } from '../github-error.ts';
import { type CheckRunEdit, createCheckRun, updateCheckRun } from '../model/check-runs.ts';
import { createDeployment, createDeploymentStatus } from '../model/deployments.ts';
import type { Annotation, DeploymentState } from '../store/entities.ts';
import { checkRunNode, restConclusion, restStatus } from './checks.ts';
import { findNodeOf, type GraphqlContext, requireWrite } from './context.ts';
import { deploymentNode, deploymentStatusNode } from './deployments.ts';
import type { Mutations } from './mutation-root.ts';

interface CheckRunInput {
  name?: string | null;
  externalId?: string | null;
  detailsUrl?: string | null;
  status?: string | null;
  conclusion?: string | null;
  startedAt?: string | null;
  completedAt?: string | null;
  output?: { title: string; summary: string; text?: string | null; annotations?: AnnotationInput[] | null } | null;
}

interface AnnotationInput {
  path: string;
  annotationLevel: string;
  title?: string | null;
  message: string;
  rawDetails?: string | null;
  location: { startLine: number; endLine: number; startColumn?: number | null; endColumn?: number | null };
}

interface DeploymentInput {
  repositoryId: string;
  refId: string;
  task?: string | null;
  environment?: string | null;
  description?: string | null;
  payload?: string | null;
  autoMerge?: boolean | null;
  requiredContexts?: string[] | null;
}

interface DeploymentStatusInput {
  deploymentId: string;
  state: string;
  description?: string | null;
  environment?: string | null;
  environmentUrl?: string | null;
  logUrl?: string | null;
  autoInactive?: boolean | null;
}

const CHECKS = need('write', 'checks:write');
const DEPLOYMENTS = need('write', 'deployments:write');

export function reportMutations(context: GraphqlContext): Mutations {
  const { hub } = context;
  return {
    createCheckRun: async (input: CheckRunInput & { repositoryId: string; headSha: string; name: string }) => {
      const { repository } = findNodeOf(context, input.repositoryId, 'Repository');
      requireInstallation(context);
      const sender = requireWrite(context, repository, CHECKS);
      const wanted = { ...readEdit(input), name: input.name, headSha: input.headSha };
      return { checkRun: checkRunNode(context, repository, await createCheckRun(hub, repository, sender, wanted)) };
    },
    updateCheckRun: (input: CheckRunInput & { repositoryId: string; checkRunId: string }) => {
      const { repository, checkRun } = findNodeOf(context, input.checkRunId, 'CheckRun');
      findNodeOf(context, input.repositoryId, 'Repository');
      requireInstallation(context);
      const sender = requireWrite(context, repository, CHECKS);
      updateCheckRun(hub, repository, checkRun, sender, readEdit(input));
      return { checkRun: checkRunNode(context, repository, checkRun) };
    },
    createDeployment: async (input: DeploymentInput) => {
      const { repository } = findNodeOf(context, input.repositoryId, 'Repository');
      const { ref } = findNodeOf(context, input.refId, 'Ref');
      const sender = requireWrite(context, repository, DEPLOYMENTS);
      const deployment = await createDeployment(hub, repository, sender, {
        ref: ref.replace(/^refs\/(heads|tags)\//, ''),
        task: input.task ?? undefined,
        environment: input.environment ?? undefined,
        description: input.description,
        payload: input.payload ?? undefined,
        autoMerge: input.autoMerge ?? undefined,
        requiredContexts: input.requiredContexts ?? undefined,
      });
      return { autoMerged: false, deployment: deploymentNode(context, repository, deployment) };
    },
    createDeploymentStatus: (input: DeploymentStatusInput) => {
      const { repository, deployment } = findNodeOf(context, input.deploymentId, 'Deployment');
      const sender = requireWrite(context, repository, DEPLOYMENTS);
      const status = createDeploymentStatus(hub, repository, deployment, sender, {
        state: input.state.toLowerCase() as DeploymentState,
        description: input.description,
        environment: input.environment ?? undefined,
        environmentUrl: input.environmentUrl,
        logUrl: input.logUrl,
        autoInactive: input.autoInactive ?? undefined,
      });
      return { deploymentStatus: deploymentStatusNode(context, repository, deployment, status) };
    },
  };
}

function requireInstallation({ actor }: GraphqlContext): void {
  if (actor.kind !== 'installation') throw new GitHubError('FORBIDDEN', 'You must authenticate via a GitHub App.');
}

function readEdit(input: CheckRunInput): CheckRunEdit {
  const { output } = input;
  return {
    name: input.name ?? undefined,
    externalId: input.externalId ?? undefined,
    detailsUrl: input.detailsUrl ?? undefined,
    status: input.status ? restStatus(input.status) : undefined,
    conclusion: input.conclusion ? restConclusion(input.conclusion) : undefined,
    startedAt: input.startedAt ?? undefined,
    completedAt: input.completedAt ?? undefined,
    output: output
      ? {
          title: output.title,
          summary: output.summary,
          text: output.text ?? undefined,
          annotations: (output.annotations ?? []).map(readAnnotation),
        }
      : undefined,
  };
}

function readAnnotation(input: AnnotationInput): Annotation {
  return {
    path: input.path,
    startLine: input.location.startLine,
    endLine: input.location.endLine,
    startColumn: input.location.startColumn ?? null,
    endColumn: input.location.endColumn ?? null,
    level: input.annotationLevel.toLowerCase() as Annotation['level'],
    title: input.title ?? null,
    message: input.message,
    rawDetails: input.rawDetails ?? null,
  };
}
