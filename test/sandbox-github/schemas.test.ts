import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extract, GENERATED } from '../schemas/extract.ts';
import { INSTALL_TIMEOUT_MS, installSchemas } from '../schemas/install-schemas.ts';
import { WebhookSchemas } from '../schemas/webhook-schemas.ts';
import {
  createBranch,
  createTestRepository,
  putFile,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;
const at = { owner: 'acme', repo: 'events' };

beforeAll(async () => {
  await installSchemas();
  github = await startTestGitHub();
}, INSTALL_TIMEOUT_MS);

afterAll(() => stopWithoutViolations(github));

test("the committed part of GitHub's description is what an extraction gives today", () => {
  expect(readFileSync(GENERATED, 'utf8') === extract()).toBe(true);
});

test("every webhook fits GitHub's own description of it", async () => {
  await causeEveryEvent();
  const schemas = new WebhookSchemas();

  const seen = new Set(github.webhooks.map(({ event, payload }) => `${event}.${payload.action ?? ''}`));
  const faults = github.webhooks.flatMap(({ event, payload }) => schemas.check(event, payload));

  expect(faults).toEqual([]);
  expect([...seen].sort()).toEqual([
    'check_run.completed',
    'check_run.created',
    'issue_comment.created',
    'issue_comment.deleted',
    'issue_comment.edited',
    'issues.closed',
    'issues.edited',
    'issues.opened',
    'issues.reopened',
    'ping.',
    'pull_request.closed',
    'pull_request.edited',
    'pull_request.opened',
    'pull_request.reopened',
    'pull_request.synchronize',
    'push.',
    'repository_dispatch.built',
    'workflow_run.completed',
    'workflow_run.requested',
  ]);
});

async function causeEveryEvent(): Promise<void> {
  const { person, app } = github;
  await createTestRepository(github, 'events');
  const { headers } = await github.webhook('push');
  const config = { url: `http://${headers.host}/hook`, content_type: 'json' };
  await person.rest.repos.createWebhook({ ...at, config, events: ['push'] });
  const { data: issue } = await person.rest.issues.create({ ...at, title: 'Events' });
  const onIssue = { ...at, issue_number: issue.number };
  const { data: comment } = await app.rest.issues.createComment({ ...onIssue, body: 'a' });
  await app.rest.issues.updateComment({ ...at, comment_id: comment.id, body: 'b' });
  await app.rest.issues.deleteComment({ ...at, comment_id: comment.id });
  await person.rest.issues.update({ ...onIssue, title: 'All events', state: 'closed' });
  await person.rest.issues.update({ ...onIssue, state: 'open' });
  const head = await createBranch(github, 'events', 'topic');
  const { data: pull } = await app.rest.pulls.create({ ...at, title: 'Topic', head: 'topic', base: 'main' });
  const onPull = { ...at, pull_number: pull.number };
  await person.rest.pulls.update({ ...onPull, body: 'edited', state: 'closed' });
  await person.rest.pulls.update({ ...onPull, state: 'open' });
  await putFile(github, { repo: 'events', path: 'next.txt', content: 'next\n', branch: 'topic' });
  await app.rest.checks.create({ ...at, name: 'check', head_sha: head, conclusion: 'success' });
  await person.rest.pulls.merge(onPull);
  await person.rest.git.deleteRef({ ...at, ref: 'heads/topic' });
  await putFile(github, { repo: 'events', path: '.github/workflows/w.yml', content: 'on: workflow_dispatch\n' });
  await app.rest.actions.createWorkflowDispatch({ ...at, workflow_id: 'w.yml', ref: 'main' });
  const { data: runs } = await app.rest.actions.listWorkflowRunsForRepo(at);
  await app.rest.actions.cancelWorkflowRun({ ...at, run_id: runs.workflow_runs[0]?.id ?? 0 });
  await app.rest.repos.createDispatchEvent({ ...at, event_type: 'built', client_payload: { a: 1 } });
  await github.webhook('workflow_run', (one) => one.action === 'completed');
  await github.webhook('repository_dispatch');
}
