import type { Value } from './expressions.ts';
import type { RunContext } from './run-context.ts';

/** The `github` context. @param workspace of the job, or empty before it has one */
export function githubContext(context: RunContext, jobId: string): Record<string, Value> {
  const { run } = context;
  return {
    token: run.token,
    event_name: 'workflow_dispatch',
    event: { inputs: run.inputs, sender: { login: run.actor } },
    repository: `${run.repository.owner}/${run.repository.name}`,
    repository_owner: run.repository.owner,
    sha: run.sha,
    ref: run.ref,
    ref_name: run.ref.replace(/^refs\/(?:heads|tags)\//, ''),
    ref_type: run.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    run_id: String(run.id),
    run_number: String(run.id),
    run_attempt: '1',
    actor: run.actor,
    triggering_actor: run.actor,
    workflow: context.workflowName,
    job: jobId,
    api_url: run.apiUrl,
    server_url: run.gitUrl,
  };
}

/** The variables that GitHub sets for every step. The token is not among them. */
export function githubVariables(context: RunContext, jobId: string): Record<string, string> {
  const { run } = context;
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: run.actor,
    GITHUB_API_URL: run.apiUrl,
    GITHUB_EVENT_NAME: 'workflow_dispatch',
    GITHUB_JOB: jobId,
    GITHUB_REF: run.ref,
    GITHUB_REF_NAME: run.ref.replace(/^refs\/(?:heads|tags)\//, ''),
    GITHUB_REPOSITORY: `${run.repository.owner}/${run.repository.name}`,
    GITHUB_REPOSITORY_OWNER: run.repository.owner,
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.id),
    GITHUB_SERVER_URL: run.gitUrl,
    GITHUB_SHA: run.sha,
    GITHUB_WORKFLOW: context.workflowName,
    RUNNER_OS: process.platform === 'darwin' ? 'macOS' : 'Linux',
  };
}
