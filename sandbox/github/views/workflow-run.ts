import { readCommit } from '../git/commits.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import type { Repository, Run, WorkflowJob } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { repositoryHtmlUrl, repositoryUrl, viewMinimalRepository } from './repository.ts';
import { viewUser } from './user.ts';

export async function viewRun(hub: Hub, repository: Repository, run: Run) {
  const api = `${repositoryUrl(hub, repository)}/actions/runs/${run.id}`;
  const suite = `${repositoryUrl(hub, repository)}/check-suites/${run.suiteId}`;
  const actor = viewUser(hub, hub.store.account(run.accountId));
  const view = viewMinimalRepository(hub, repository);
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('WorkflowRun', repository.id, run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.path,
    display_title: run.displayTitle,
    run_number: run.runNumber,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    check_suite_id: run.suiteId,
    check_suite_node_id: nodeId('CheckSuite', repository.id, run.suiteId),
    url: api,
    html_url: runHtmlUrl(hub, repository, run),
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor,
    run_attempt: 1,
    referenced_workflows: [],
    run_started_at: run.startedAt ?? run.createdAt,
    triggering_actor: actor,
    jobs_url: `${api}/jobs`,
    logs_url: `${api}/logs`,
    check_suite_url: suite,
    artifacts_url: `${api}/artifacts`,
    cancel_url: `${api}/cancel`,
    rerun_url: `${api}/rerun`,
    previous_attempt_url: null,
    workflow_url: `${repositoryUrl(hub, repository)}/actions/workflows/${run.workflowId}`,
    head_commit: await viewHeadCommit(hub, repository, run.headSha),
    repository: view,
    head_repository: view,
  };
}

export function viewWorkflow(hub: Hub, repository: Repository, path: string, name: string) {
  const id = repository.workflows[path] ?? 0;
  const file = path.slice(path.lastIndexOf('/') + 1);
  return {
    id,
    node_id: nodeId('Workflow', repository.id, id),
    name,
    path,
    state: 'active',
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    url: `${repositoryUrl(hub, repository)}/actions/workflows/${id}`,
    html_url: `${repositoryHtmlUrl(hub, repository)}/blob/${repository.defaultBranch}/${path}`,
    badge_url: `${repositoryHtmlUrl(hub, repository)}/workflows/${file}/badge.svg`,
  };
}

export function viewJob(hub: Hub, repository: Repository, run: Run, job: WorkflowJob) {
  const api = `${repositoryUrl(hub, repository)}/actions/jobs/${job.id}`;
  const started = job.startedAt ?? run.createdAt;
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.name,
    head_branch: run.headBranch,
    run_url: `${repositoryUrl(hub, repository)}/actions/runs/${run.id}`,
    run_attempt: 1,
    node_id: nodeId('WorkflowJob', repository.id, job.id),
    head_sha: run.headSha,
    url: api,
    html_url: `${runHtmlUrl(hub, repository, run)}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: run.createdAt,
    started_at: started,
    completed_at: job.completedAt,
    name: job.name,
    steps: job.steps.map((step) => ({ ...step, started_at: null, completed_at: null })),
    check_run_url: `${repositoryUrl(hub, repository)}/check-runs/${job.id}`,
    labels: ['ubuntu-latest'],
    runner_id: 1,
    runner_name: 'sandbox',
    runner_group_id: 1,
    runner_group_name: 'GitHub Actions',
  };
}

export function runHtmlUrl(hub: Hub, repository: Repository, run: Run): string {
  return `${repositoryHtmlUrl(hub, repository)}/actions/runs/${run.id}`;
}

async function viewHeadCommit(hub: Hub, repository: Repository, sha: string) {
  const commit = await readCommit(gitDirOf(hub, repository), sha);
  if (!commit) return null;
  const person = ({ name, email }: { name: string; email: string }) => ({ name, email });
  return {
    id: commit.oid,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: person(commit.author),
    committer: person(commit.committer),
  };
}
