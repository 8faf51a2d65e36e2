import { fullName, type RepositoryName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import type { BuildRequest, BuildState, Builds } from '../../ports/github.ts';
import type { Log } from '../../ports/log.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { boundedText } from './bounded-text.ts';
import { readFailedJobLog, readReportedDigest } from './build-log.ts';
import type { GitHubClient } from './github-client.ts';
import { OUTAGE_WAIT_MS, QUOTED_MESSAGE_CHARACTERS_MAX } from './github-limits.ts';
import { isFailedRequest } from './map-github-error.ts';

const WORKFLOW_FILE = 'mcp-hosting.yml';

/** Runs looked through for one that an earlier try has dispatched: it is among the newest. */
const RUNS_READ = 50;

export interface BuildOptions {
  client: GitHubClient;
  log: Log;
}

export function createBuilds(options: BuildOptions): Builds {
  const { client } = options;
  return {
    async dispatch(request, retry) {
      const earlier = retry ? await findRun(client, request) : undefined;
      return earlier ?? dispatch(client, request);
    },
    read: (installationId, repository, runId) => readRun(options, installationId, repository, runId),
    async cancel(installationId, repository, runId) {
      const action = `cancel run ${runId} of "${fullName(repository)}"`;
      try {
        await client.rest(installationId, action, (octokit) =>
          octokit.actions.cancelWorkflowRun({ owner: repository.owner, repo: repository.name, run_id: runId }),
        );
      } catch (error) {
        if (!isOver(error)) throw error;
      }
    },
  };
}

/** 409: the run has ended. 404: it was deleted. Neither runs any more. */
function isOver(error: unknown): boolean {
  if (error instanceof UserError) return error.code === 'github-not-found';
  return isFailedRequest(error) && error.status === 409;
}

async function dispatch(client: GitHubClient, request: BuildRequest): Promise<{ runId: number; url: string }> {
  const { repository, defaultBranch, inputs } = request;
  try {
    const { data } = await client.rest(
      request.installationId,
      `dispatch the build workflow of "${fullName(repository)}"`,
      (octokit) =>
        octokit.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
          owner: repository.owner,
          repo: repository.name,
          workflow_id: WORKFLOW_FILE,
          ref: defaultBranch,
          inputs,
          return_run_details: true,
        }),
    );
    return parseRunDetails(data, repository);
  } catch (error) {
    throw mapDispatchError(error, repository);
  }
}

/** Older enterprise servers answer 204 without details: the run is then found by its name on the retry. */
function parseRunDetails(data: unknown, repository: RepositoryName): { runId: number; url: string } {
  const details = data as { workflow_run_id?: unknown; html_url?: unknown } | undefined;
  if (typeof details?.workflow_run_id === 'number' && typeof details.html_url === 'string') {
    return { runId: details.workflow_run_id, url: details.html_url };
  }
  throw new RetryLaterError(
    `Cannot follow the build of "${fullName(repository)}": its run is not named`,
    OUTAGE_WAIT_MS,
  );
}

function mapDispatchError(error: unknown, repository: RepositoryName): unknown {
  if (error instanceof UserError && error.code === 'github-not-found') {
    return new UserError(
      'workflow-missing',
      `Cannot build "${fullName(repository)}": ".github/workflows/${WORKFLOW_FILE}" is not on its default branch, expected the build workflow`,
      'Merge the setup pull request, or add the workflow from templates/ of mcp-hosting.',
      { cause: error },
    );
  }
  if (!isFailedRequest(error) || error.status !== 422) return error;
  return new UserError(
    'workflow-refused',
    `Cannot build "${fullName(repository)}": GitHub refuses to dispatch ".github/workflows/${WORKFLOW_FILE}" (${boundedText(error.message, QUOTED_MESSAGE_CHARACTERS_MAX)}), expected it to accept workflow_dispatch with the inputs of the template`,
    'Replace the workflow by the template of mcp-hosting, and enable it in the Actions tab.',
    { cause: error },
  );
}

/** The template names each run after its rollout, which is how a run is found whose dispatch nobody heard of. */
async function findRun(
  client: GitHubClient,
  request: BuildRequest,
): Promise<{ runId: number; url: string } | undefined> {
  const { repository, rolloutId } = request;
  const action = `list build runs of "${fullName(repository)}"`;
  try {
    const { data } = await client.rest(request.installationId, action, (octokit) =>
      octokit.actions.listWorkflowRuns({
        owner: repository.owner,
        repo: repository.name,
        workflow_id: WORKFLOW_FILE,
        event: 'workflow_dispatch',
        per_page: RUNS_READ,
      }),
    );
    const run = data.workflow_runs.find((candidate) =>
      [candidate.display_title, candidate.name].some((name) => name?.includes(rolloutId)),
    );
    return run && { runId: run.id, url: run.html_url };
  } catch (error) {
    throw mapDispatchError(error, repository);
  }
}

async function readRun(
  options: BuildOptions,
  installationId: number,
  repository: RepositoryName,
  runId: number,
): Promise<BuildState> {
  const action = `read run ${runId} of "${fullName(repository)}"`;
  const { data: run } = await options.client.rest(installationId, action, (octokit) =>
    octokit.actions.getWorkflowRun({ owner: repository.owner, repo: repository.name, run_id: runId }),
  );
  if (run.status !== 'completed') return { state: 'running' };
  if (run.conclusion === 'success') {
    return { state: 'succeeded', digest: await readReportedDigest(options, installationId, repository, runId) };
  }
  const log = await readFailedJobLog(options, installationId, repository, runId);
  return { state: 'failed', conclusion: run.conclusion ?? 'unknown', log, url: run.html_url };
}
