import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WorkflowRun, WorkflowRunner } from '../../sandbox/actions/workflow-run.ts';
import {
  createBranch,
  createTestRepository,
  putFile,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;
const at = { owner: 'acme', repo: 'kept' };
const runs: WorkflowRun[] = [];
const runner: WorkflowRunner = {
  start: (run) => {
    runs.push(run);
    return { cancel: () => undefined };
  },
  close: async () => undefined,
};

beforeAll(async () => {
  github = await startTestGitHub({ runner });
});

afterAll(() => stopWithoutViolations(github));

test('everything is there after a restart, tokens too, and a run that was under way starts anew', async () => {
  await createTestRepository(github, 'kept');
  const { data: issue } = await github.person.rest.issues.create({ ...at, title: 'Kept', labels: ['bug'] });
  const talk = { ...at, issue_number: issue.number };
  await github.app.rest.issues.createComment({ ...talk, body: 'kept too' });
  const head = await createBranch(github, 'kept', 'topic');
  await github.person.rest.pulls.create({ ...at, title: 'Topic', head: 'topic', base: 'main' });
  await github.app.rest.checks.create({ ...at, name: 'check', head_sha: head, external_id: 'x' });
  await putFile(github, {
    repo: 'kept',
    path: '.github/workflows/w.yml',
    content: 'on: workflow_dispatch\njobs: {}\n',
  });
  await github.app.rest.actions.createWorkflowDispatch({ ...at, workflow_id: 'w.yml', ref: 'main' });
  await github.webhook('workflow_run');
  const before = await look();

  await github.restart();

  const deliveries = await github.appJwt.request('GET /app/hook/deliveries');
  expect(await look()).toEqual(before);
  expect(runs.map((run) => run.id)).toEqual([runs[0]?.id, runs[0]?.id]);
  expect(deliveries.data.map((one) => one.event)).toContain('workflow_run');
  const { data: next } = await github.person.rest.issues.create({ ...at, title: 'Next' });
  expect(next.number).toBe(issue.number + 2);
});

async function look() {
  const [issues, comments, pulls, checks, listed] = await Promise.all([
    github.person.rest.issues.listForRepo(at),
    github.person.rest.issues.listComments({ ...at, issue_number: 1 }),
    github.person.rest.pulls.get({ ...at, pull_number: 2 }),
    github.app.rest.checks.listForRef({ ...at, ref: 'topic' }),
    github.app.rest.actions.listWorkflowRunsForRepo(at),
  ]);
  return [issues.data, comments.data, pulls.data, checks.data, listed.data.workflow_runs.map((run) => run.id)];
}
