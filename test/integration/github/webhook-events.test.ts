import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import { HANDLED_EVENTS } from '../../../src/app.ts';
import * as events from '../../../src/inbound/webhook-events.ts';

const require = createRequire(import.meta.url);
/** GitHub's own example payloads, as published. */
const published: { name: string; examples: object[] }[] = require('@octokit/webhooks-examples');

const schemas = {
  issue_comment: events.issueCommentEvent,
  push: events.pushEvent,
  pull_request: events.pullRequestEvent,
  workflow_run: events.workflowRunEvent,
  repository_dispatch: events.repositoryDispatchEvent,
  merge_group: events.mergeGroupEvent,
  check_run: events.checkRunEvent,
  check_suite: events.checkSuiteEvent,
};

const examples = Object.keys(schemas).flatMap((name) =>
  (published.find((event) => event.name === name)?.examples ?? []).map((payload, index) => ({ name, index, payload })),
);

test('every handled event has a schema and an example', () => {
  expect(Object.keys(schemas).sort()).toEqual([...HANDLED_EVENTS].sort());
  expect([...new Set(examples.map(({ name }) => name))].sort()).toEqual([...HANDLED_EVENTS].sort());
});

test.each(examples)('the published example $index of $name is read', ({ name, payload }) => {
  // Some were recorded from a repository's own webhook, which has no installation; an App's always has one.
  const delivered = { installation: { id: 1 }, ...payload };

  const parsed = schemas[name as keyof typeof schemas].safeParse(delivered);

  expect(parsed.error?.issues ?? []).toEqual([]);
});
