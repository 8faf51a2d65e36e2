import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunObserver, WorkflowRun, WorkflowRunner } from '../../sandbox/actions/workflow-run.ts';
import {
  createTestRepository,
  putFile,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;
const at = { owner: 'acme', repo: 'runs' };
const started: { run: WorkflowRun; observer: RunObserver; cancelled: boolean }[] = [];

const runner: WorkflowRunner = {
  start(run, observer) {
    const entry = { run, observer, cancelled: false };
    started.push(entry);
    return {
      cancel: () => {
        entry.cancelled = true;
        observer.completed('cancelled');
      },
    };
  },
  close: async () => undefined,
};

const WORKFLOW = `name: Build
run-name: build \${{ inputs.rollout }} by \${{ github.actor }}
on:
  workflow_dispatch:
    inputs:
      rollout: { required: true }
      kind: { type: choice, options: [a, b], default: a }
jobs: {}
`;

beforeAll(async () => {
  github = await startTestGitHub({ runner });
  await createTestRepository(github, 'runs');
  await putFile(github, { repo: 'runs', path: '.github/workflows/build.yml', content: WORKFLOW });
  await putFile(github, { repo: 'runs', path: '.github/workflows/push.yml', content: 'on: push\njobs: {}\n' });
});

afterAll(() => stopWithoutViolations(github));

function dispatch(workflow_id: string, inputs: Record<string, string>, more: object = {}) {
  return github.app.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
    ...at,
    workflow_id,
    ref: 'main',
    inputs,
    ...more,
  });
}

test('a dispatched run is followed from its request to its log', async () => {
  const { data } = await dispatch('build.yml', { rollout: 'r-1' }, { return_run_details: true });
  const run_id = (data as unknown as { workflow_run_id: number }).workflow_run_id;
  const { run, observer } = started.at(-1) as (typeof started)[0];

  observer.started();
  const times = { startedAt: '2026-01-01T00:00:00Z', completedAt: '2026-01-01T00:00:01Z' };
  observer.log('build', '2026-01-01T00:00:00Z hello');
  const steps = [{ name: 'Check out', number: 1, status: 'completed' as const, conclusion: 'success' as const }];
  observer.job({ name: 'build', status: 'completed', conclusion: 'success', ...times, steps });
  observer.completed('success');

  await github.webhook('workflow_run', (one) => one.action === 'in_progress' && one.workflow_run.id === run_id);
  const { payload } = await github.webhook('workflow_run', (one) => one.action === 'completed');
  expect(run).toMatchObject({
    id: run_id,
    repository: { owner: 'acme', name: 'runs' },
    workflowPath: '.github/workflows/build.yml',
    ref: 'refs/heads/main',
    inputs: { rollout: 'r-1', kind: 'a' },
    apiUrl: github.url,
  });
  expect(payload).toMatchObject({
    workflow_run: { id: run_id, conclusion: 'success', display_title: 'build r-1 by mcp-hosting[bot]' },
    workflow: { path: '.github/workflows/build.yml' },
  });
  const { data: jobs } = await github.app.rest.actions.listJobsForWorkflowRun({ ...at, run_id });
  const job_id = jobs.jobs[0]?.id ?? 0;
  const log = await github.app.rest.actions.downloadJobLogsForWorkflowRun({ ...at, job_id });
  expect(jobs.jobs).toMatchObject([{ name: 'build', conclusion: 'success', steps: [{ name: 'Check out' }] }]);
  expect(log.data).toBe('2026-01-01T00:00:00Z hello\n');
});

test("a run's token writes to its own repository, as github-actions[bot]", async () => {
  await dispatch('build.yml', { rollout: 'r-token' });
  await createTestRepository(github, 'other');
  const octokit = github.octokit(started.at(-1)?.run.token ?? '');
  const event = { event_type: 'from-run', client_payload: {} };

  await octokit.rest.repos.createDispatchEvent({ ...at, ...event });

  const { payload } = await github.webhook('repository_dispatch', (one) => one.action === 'from-run');
  const foreign = octokit.rest.repos.createDispatchEvent({ owner: 'acme', repo: 'other', ...event });
  await expect(foreign).rejects.toMatchObject({ status: 403 });
  expect(payload.sender).toMatchObject({ login: 'github-actions[bot]', type: 'Bot' });
});

test.each([
  ['a workflow that is not there', 'nothing.yml', { rollout: 'x' }, {}, 404],
  ['one without workflow_dispatch', 'push.yml', {}, {}, 422],
  ['an unknown input', 'build.yml', { rollout: 'x', wrong: 'y' }, {}, 422],
  ['a missing required input', 'build.yml', {}, {}, 422],
  ['a choice that is none', 'build.yml', { rollout: 'x', kind: 'c' }, {}, 422],
  ['an unknown ref', 'build.yml', { rollout: 'x' }, { ref: 'nowhere' }, 422],
])('dispatching %s is refused', async (_, file, inputs, more, status) => {
  const before = started.length;

  await expect(dispatch(file, inputs, more)).rejects.toMatchObject({ status });

  expect(started).toHaveLength(before);
});

test('a run is cancelled once', async () => {
  const { data } = await dispatch('build.yml', { rollout: 'r-cancel' }, { return_run_details: true });
  const run_id = (data as unknown as { workflow_run_id: number }).workflow_run_id;

  await github.app.rest.actions.cancelWorkflowRun({ ...at, run_id });

  expect(started.at(-1)?.cancelled).toBe(true);
  const { data: run } = await github.app.rest.actions.getWorkflowRun({ ...at, run_id });
  expect(run).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
  await expect(github.app.rest.actions.cancelWorkflowRun({ ...at, run_id })).rejects.toMatchObject({ status: 409 });
});

test('runs are listed by event, time and page', async () => {
  const { data: run } = await github.app.rest.actions
    .listWorkflowRunsForRepo({ ...at, per_page: 1 })
    .then(({ data }) => ({ data: data.workflow_runs[0] }));
  const count = async (more: object): Promise<number> =>
    (await github.app.rest.actions.listWorkflowRunsForRepo({ ...at, ...more })).data.total_count;

  expect(await count({ event: 'workflow_dispatch', created: `>=${run?.created_at}` })).toBeGreaterThan(0);
  expect(await count({ event: 'push' })).toBe(0);
  expect(await count({ created: '<2020-01-01' })).toBe(0);
});
