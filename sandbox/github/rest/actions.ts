import { need } from '../access/authorize.ts';
import { resolveCommit } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { GitHubError, notFound, unprocessable } from '../github-error.ts';
import { gitDirOf } from '../hub.ts';
import { fillInputs, listWorkflowPaths, readWorkflow, workflowId } from '../model/workflow-files.ts';
import type { Run } from '../store/entities.ts';
import { repositoryUrl } from '../views/repository.ts';
import { runHtmlUrl, viewJob, viewRun, viewWorkflow } from '../views/workflow-run.ts';
import { inRange } from './date-range.ts';
import { readFields, readFlag, readText } from './fields.ts';
import { paged } from './paging.ts';
import {
  idParam,
  json,
  noContent,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('read', 'actions:read');
const WRITE = need('write', 'actions:write');

export const actionsRoutes: Routes = {
  'GET /repos/{owner}/{repo}/actions/workflows': repositoryRoute(READ, listWorkflows),
  'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches': repositoryRoute(WRITE, dispatch),
  'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs': repositoryRoute(READ, async (call) => {
    const path = await workflowPath(call);
    return listRuns(
      call,
      call.repository.runs.filter((run) => run.path === path),
    );
  }),
  'GET /repos/{owner}/{repo}/actions/runs': repositoryRoute(READ, (call) => listRuns(call, call.repository.runs)),
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}': repositoryRoute(READ, async (call) => {
    return json(await viewRun(call.hub, call.repository, runParam(call)));
  }),
  'POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel': repositoryRoute(WRITE, (call) => {
    if (call.hub.runs.cancel(call.hub, call.repository, runParam(call))) return json({}, 202);
    throw new GitHubError('CONFLICT', 'Cannot cancel a workflow run that is completed.');
  }),
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs': repositoryRoute(READ, (call) => {
    const run = runParam(call);
    return paged(
      call,
      run.jobs,
      (job) => viewJob(call.hub, call.repository, run, job),
      (page) => ({ total_count: run.jobs.length, jobs: page }),
    );
  }),
  'GET /repos/{owner}/{repo}/actions/jobs/{job_id}': repositoryRoute(READ, (call) => {
    const { run, job } = jobParam(call);
    return json(viewJob(call.hub, call.repository, run, job));
  }),
  /** GitHub redirects to a short-lived address of plain text, and so does this. */
  'GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs': repositoryRoute(READ, (call) => {
    const { run, job } = jobParam(call);
    return { status: 302, headers: { location: call.hub.logUrls.sign(run.id, job.id) } };
  }),
};

async function dispatch(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository, body } = call;
  const dir = gitDirOf(hub, repository);
  const path = await workflowPath(call);
  const branch = (readText(body, 'ref') ?? '').replace(/^refs\/heads\//, '');
  const sha = await readRef(dir, `refs/heads/${branch}`);
  if (!sha) throw unprocessable(`No ref found for: ${readText(body, 'ref')}`);
  const workflow = await readWorkflow(hub, repository, sha, path);
  if (!workflow) throw notFound();
  const given = Object.entries(readFields(body, 'inputs') ?? {}).map(([name, value]) => [name, String(value)] as const);
  const inputs = fillInputs(workflow, Object.fromEntries(given));
  const run = await hub.runs.dispatch(hub, repository, senderOf(call), { workflow, branch, sha, inputs });
  if (!readFlag(body, 'return_run_details')) return noContent();
  return json({
    workflow_run_id: run.id,
    run_url: `${repositoryUrl(hub, repository)}/actions/runs/${run.id}`,
    html_url: runHtmlUrl(hub, repository, run),
  });
}

/** By file name or by number. @throws GitHubError NOT_FOUND where it is not on the default branch */
async function workflowPath(call: RepositoryCall): Promise<string> {
  const { hub, repository } = call;
  const wanted = call.params.workflow_id ?? '';
  const tip = await resolveCommit(gitDirOf(hub, repository), `refs/heads/${repository.defaultBranch}`);
  const paths = tip ? await listWorkflowPaths(hub, repository, tip) : [];
  const path = paths.find((one) => one.endsWith(`/${wanted}`) || repository.workflows[one] === Number(wanted));
  if (!path) throw notFound();
  return path;
}

async function listWorkflows(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository } = call;
  const tip = await resolveCommit(gitDirOf(hub, repository), `refs/heads/${repository.defaultBranch}`);
  const paths = tip ? await listWorkflowPaths(hub, repository, tip) : [];
  return paged(
    call,
    paths,
    async (path) => {
      workflowId(hub, repository, path);
      const workflow = tip ? await readWorkflow(hub, repository, tip, path) : undefined;
      return viewWorkflow(hub, repository, path, workflow?.name ?? path);
    },
    (page) => ({ total_count: paths.length, workflows: page }),
  );
}

function listRuns(call: RepositoryCall, runs: Run[]): Promise<RestAnswer> {
  const { query } = call;
  const [event, branch, sha, created, status, actor] = [
    'event',
    'branch',
    'head_sha',
    'created',
    'status',
    'actor',
  ].map((name) => query.get(name));
  const matching = runs.filter(
    (run) =>
      (!event || run.event === event) &&
      (!branch || run.headBranch === branch) &&
      (!sha || run.headSha === sha) &&
      (!created || inRange(run.createdAt, created)) &&
      (!status || run.status === status || run.conclusion === status) &&
      (!actor || call.hub.store.account(run.accountId).login === actor),
  );
  return paged(
    call,
    matching.toReversed(),
    (run) => viewRun(call.hub, call.repository, run),
    (page) => ({ total_count: matching.length, workflow_runs: page }),
  );
}

function runParam(call: RepositoryCall): Run {
  const id = idParam(call, 'run_id');
  const run = call.repository.runs.find((one) => one.id === id);
  if (!run) throw notFound();
  return run;
}

function jobParam(call: RepositoryCall) {
  const id = idParam(call, 'job_id');
  for (const run of call.repository.runs) {
    const job = run.jobs.find((one) => one.id === id);
    if (job) return { run, job };
  }
  throw notFound();
}
