import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderCheckRun } from '../../../src/domain/reports/check-run-view.ts';
import { renderDeploymentStatus } from '../../../src/domain/reports/deployment-view.ts';
import { parseRolloutMarker } from '../../../src/domain/reports/markers.ts';
import { renderPullRequest } from '../../../src/domain/reports/pull-request.ts';
import { renderHelp, renderRefusal } from '../../../src/domain/reports/replies.ts';
import { renderStatusComment } from '../../../src/domain/reports/status-comment.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import { hostileText } from './hostile-text.ts';
import { renderedMarkdown } from './rendered-markdown.ts';
import { endedIn, overlayInput, rolloutAt, verification, viewOf } from './report-fixtures.ts';

const GITHUB_COMMENT_CHARS_MAX = 65_536;

test('status comment: hostile tool names and logins change nothing but their own text', () => {
  fc.assert(
    fc.property(hostileText(), hostileText(), (tool, login) => {
      const tools = [{ name: tool }, { name: 'b' }, { name: 'c' }, { name: 'd' }];
      const hostile = rolloutAt('succeeded', {
        serverName: tool,
        requestedBy: login,
        merge: { sha: 'aa'.repeat(20), by: `${login} ` },
        verification: { ...verification(), tools },
      });
      const comment = renderStatusComment(viewOf(hostile, { status: 'running' }));
      expectSameShape(comment, renderStatusComment(viewOf(rolloutAt('succeeded'), { status: 'running' })));
    }),
    { numRuns: 150 },
  );
});

test('status comment: a hostile failure changes nothing but its own text', () => {
  const benign = failure('message', 'hint', 'log');
  const expected = renderedMarkdown(renderStatusComment(viewOf(benign)));
  fc.assert(
    fc.property(hostileText(), (text) => {
      const shown = renderedMarkdown(renderStatusComment(viewOf(failure(`m ${text}`, `h ${text}`, text))));
      expect({ ...shown.tags, code: 0, p: 0 }).toEqual({ ...expected.tags, code: 0, p: 0 });
      expect(shown.links).toEqual(expected.links);
      expect(shown.comments).toEqual(expected.comments);
    }),
    { numRuns: 150 },
  );
});

test('pull request: hostile names and diff change nothing but their own text', () => {
  const render = (text: string, rollout: Rollout) =>
    renderPullRequest({
      rollout,
      before: null,
      after: overlayInput({ config: { ...overlayInput().config, env: [text] } }),
      unset: ['A'],
      renderedDiff: `+ a: b\n+ ${text}\n`,
      githubWebUrl: 'https://github.com',
    });
  const benign = renderedMarkdown(render('A', rolloutAt('proposing')).body);
  fc.assert(
    fc.property(hostileText(), (text) => {
      const rollout = rolloutAt('proposing', { requestedBy: `${text} ` });
      const { body, commitMessage } = render(text, rollout);
      const shown = renderedMarkdown(body);
      expect(shown.tags).toEqual(benign.tags);
      expect(shown.links).toEqual(benign.links);
      expect(shown.comments).toEqual(benign.comments);
      expect(parseRolloutMarker(body)).toBe(rollout.id);
      expect(commitMessage.split('\n')).toHaveLength(8);
      expect(commitMessage).not.toContain('@acme');
    }),
    { numRuns: 150 },
  );
});

test('replies: hostile words and logins stay in their place', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      const help = renderedMarkdown(renderHelp({ key: text, unknown: [text, text] }).body);
      const refusal = renderedMarkdown(renderRefusal({ key: text, login: `${text} `, command: text }).body);
      expect(help.tags).toEqual({ p: 1, code: 8, table: 1, thead: 1, tbody: 1, tr: 7, th: 2, td: 12 });
      expect(refusal.tags).toEqual({ p: 1, code: 1 });
      expect([...help.links, ...refusal.links]).toEqual([]);
      expect(help.comments).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
});

test('everything is within GitHub limits when all that can be long is long', () => {
  const long = '`|<@x> '.repeat(200_000);
  const lines = Array.from({ length: 5_000 }, () => '`'.repeat(10_000));
  const rollout = {
    ...failure(long, long, long),
    failure: { code: 'x', message: long, hint: long, log: lines, url: 'https://example.com' },
    configProblems: Array.from({ length: 500 }, () => ({ path: long, message: long, line: 3, endLine: 1 })),
    requestedBy: long,
    merge: { sha: long, by: long },
  };
  const tools = Array.from({ length: 5_000 }, () => ({ name: long }));
  const view = viewOf(rollout, { tools });
  const running = viewOf(rolloutAt('succeeded', { verification: { protocolVersion: long, tools } }));
  const check = renderCheckRun(view);

  expect(renderStatusComment(view).length).toBeLessThan(GITHUB_COMMENT_CHARS_MAX);
  expect(renderStatusComment(running).length).toBeLessThan(GITHUB_COMMENT_CHARS_MAX);
  expect([...check.title].length).toBeLessThan(60);
  expect(check.summary.length).toBeLessThan(65_536);
  expect(check.text?.length).toBeLessThan(65_536);
  expect(check.annotations).toHaveLength(50);
  expect(check.annotations[0]).toMatchObject({ startLine: 3, endLine: 3 });
  expect(renderDeploymentStatus(view).description.length).toBeLessThanOrEqual(140);
});

test('pull request: a long diff is cut at the limit, with a sentence saying so', () => {
  const renderedDiff = Array.from({ length: 20_000 }, (_, index) => `+ line: ${index}`).join('\n');

  const { body } = renderPullRequest({
    rollout: rolloutAt('proposing'),
    before: null,
    after: overlayInput(),
    unset: [],
    renderedDiff,
    githubWebUrl: 'https://github.com',
  });

  expect(body.length).toBeLessThanOrEqual(65_536);
  expect(body.length).toBeGreaterThan(65_000);
  expect(body).toContain('The rest is cut at the length that GitHub allows');
  expect(parseRolloutMarker(body)).toBe(rolloutAt('proposing').id);
});

function failure(message: string, hint: string, line: string): Rollout {
  return rolloutAt('syncing', {
    stage: 'failed',
    stages: endedIn('syncing', 'failed'),
    failure: { code: 'server-crashed', message, hint, log: [line, line] },
  });
}

function expectSameShape(actual: string, expected: string): void {
  const [shown, wanted] = [renderedMarkdown(actual), renderedMarkdown(expected)];
  expect(shown.tags).toEqual(wanted.tags);
  expect(shown.links).toEqual(wanted.links);
  expect(shown.comments).toEqual(wanted.comments);
}
