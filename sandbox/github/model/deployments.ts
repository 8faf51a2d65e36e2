import { isAncestor } from '../git/commits.ts';
import { resolveCommit } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { GitHubError, invalidField, unprocessable } from '../github-error.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import type { Account, Deployment, DeploymentState, DeploymentStatus, Repository } from '../store/entities.ts';

export interface NewDeployment {
  /** Branch, tag or commit, as the caller named it. */
  ref: string;
  task?: string | undefined;
  environment?: string | undefined;
  description?: string | null | undefined;
  payload?: string | undefined;
  /** Bring the default branch in first; GitHub's default, and refused here when there is something to bring in. */
  autoMerge?: boolean | undefined;
  /** Checks that must have succeeded on the commit; absent: all of them. */
  requiredContexts?: readonly string[] | undefined;
  transient?: boolean | undefined;
  production?: boolean | undefined;
}

const DESCRIPTION_CHARACTERS_MAX = 140;

/** @throws GitHubError UNPROCESSABLE for an unknown ref; CONFLICT where checks have not succeeded or a merge is needed */
export async function createDeployment(
  hub: Hub,
  repository: Repository,
  sender: Account,
  wanted: NewDeployment,
): Promise<Deployment> {
  const dir = gitDirOf(hub, repository);
  const sha = await resolveCommit(dir, wanted.ref);
  if (!sha) throw unprocessable(`No ref found for: ${wanted.ref}`);
  checkDescription(wanted.description);
  checkContexts(repository, sha, wanted);
  await checkUpToDate(dir, repository, sha, wanted);
  const now = hub.now();
  const environment = wanted.environment ?? 'production';
  const deployment: Deployment = {
    id: hub.store.nextId(),
    accountId: sender.id,
    ref: wanted.ref,
    sha,
    task: wanted.task ?? 'deploy',
    environment,
    description: wanted.description ?? null,
    payload: wanted.payload ?? '',
    transient: wanted.transient ?? false,
    production: wanted.production ?? environment === 'production',
    createdAt: now,
    updatedAt: now,
    statuses: [],
  };
  repository.deployments.push(deployment);
  hub.store.touch(repository);
  return deployment;
}

export interface NewDeploymentStatus {
  state: DeploymentState;
  description?: string | null | undefined;
  environment?: string | undefined;
  environmentUrl?: string | null | undefined;
  logUrl?: string | null | undefined;
  autoInactive?: boolean | undefined;
}

/** A success makes the earlier deployments of its environment inactive, where they are neither transient nor production. */
export function createDeploymentStatus(
  hub: Hub,
  repository: Repository,
  deployment: Deployment,
  sender: Account,
  wanted: NewDeploymentStatus,
): DeploymentStatus {
  checkDescription(wanted.description);
  const status = pushStatus(hub, deployment, sender, wanted);
  if (wanted.state === 'success' && (wanted.autoInactive ?? true)) {
    const earlier = repository.deployments.filter(
      (one) =>
        one.id < deployment.id && one.environment === deployment.environment && !one.transient && !one.production,
    );
    for (const one of earlier) {
      if (one.statuses.at(-1)?.state !== 'inactive') pushStatus(hub, one, sender, { state: 'inactive' });
    }
  }
  hub.store.touch(repository);
  return status;
}

function pushStatus(hub: Hub, deployment: Deployment, sender: Account, wanted: NewDeploymentStatus): DeploymentStatus {
  const now = hub.now();
  if (wanted.environment) deployment.environment = wanted.environment;
  deployment.updatedAt = now;
  const status = {
    id: hub.store.nextId(),
    accountId: sender.id,
    state: wanted.state,
    description: wanted.description ?? '',
    environment: deployment.environment,
    environmentUrl: wanted.environmentUrl ?? '',
    logUrl: wanted.logUrl ?? '',
    createdAt: now,
  };
  deployment.statuses.push(status);
  return status;
}

function checkDescription(description: string | null | undefined): void {
  if ((description?.length ?? 0) <= DESCRIPTION_CHARACTERS_MAX) return;
  const message = `description is too long (maximum is ${DESCRIPTION_CHARACTERS_MAX} characters)`;
  throw invalidField('Deployment', 'description', message);
}

function checkContexts(repository: Repository, sha: string, wanted: NewDeployment): void {
  const unfinished = repository.checkRuns.find(
    (run) =>
      run.headSha === sha &&
      !['success', 'neutral', 'skipped'].includes(run.conclusion ?? '') &&
      (wanted.requiredContexts?.includes(run.name) ?? true),
  );
  if (unfinished) throw new GitHubError('CONFLICT', `Conflict: Commit status checks failed for ${wanted.ref}.`);
}

async function checkUpToDate(dir: string, repository: Repository, sha: string, wanted: NewDeployment): Promise<void> {
  if (wanted.autoMerge === false) return;
  const tip = await readRef(dir, `refs/heads/${repository.defaultBranch}`);
  if (!tip || (await isAncestor(dir, tip, sha))) return;
  throw new GitHubError('CONFLICT', `Conflict merging ${repository.defaultBranch} into ${wanted.ref}.`);
}
