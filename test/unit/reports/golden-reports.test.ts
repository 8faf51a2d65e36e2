import { expect, test } from '@jest/globals';
import { renderCheckRun } from '../../../src/domain/reports/check-run-view.ts';
import { renderDeploymentStatus } from '../../../src/domain/reports/deployment-view.ts';
import { renderProblem } from '../../../src/domain/reports/problem-reply.ts';
import { renderPullRequest } from '../../../src/domain/reports/pull-request.ts';
import {
  renderForkNeedsHead,
  renderHelp,
  renderNotHosted,
  renderRefusal,
  renderTooManyCommands,
} from '../../../src/domain/reports/replies.ts';
import { renderSetupPullRequest } from '../../../src/domain/reports/setup-pull-request.ts';
import { renderStatusComment } from '../../../src/domain/reports/status-comment.ts';
import { ROLLOUT_STAGES } from '../../../src/domain/rollout.ts';
import { expectGolden } from './expect-golden.ts';
import { REPORT_CASES } from './report-cases.ts';
import { COMMIT_SHA, overlayInput, rolloutAt } from './report-fixtures.ts';

const DIFF = ['--- stripe-k3v9x2', '+++ stripe-k3v9x2', '@@ -1,3 +1,3 @@', '-  replicas: 1', '+  replicas: 2'].join(
  '\n',
);

test.each(Object.entries(REPORT_CASES))('status comment: %s', (name, view) => {
  expectGolden(`comment-${name}.md`, renderStatusComment(view));
});

test.each(Object.entries(REPORT_CASES))('check run and deployment: %s', (name, view) => {
  const { summary, text, ...rest } = renderCheckRun(view);
  const deployment = renderDeploymentStatus(view);

  expectGolden(
    `check-${name}.md`,
    `${fenced(rest)}\n\n${summary}\n\n---\n\n${text ?? '(no text)'}\n\n---\n\n${fenced(deployment)}\n`,
  );
});

test('the cases cover every stage', () => {
  const covered = new Set(Object.values(REPORT_CASES).map(({ rollout }) => rollout.stage));

  expect([...covered].sort()).toEqual([...ROLLOUT_STAGES].sort());
});

test.each(pullRequestCases())('pull request: %s', (name, options) => {
  const { title, body, commitMessage } = renderPullRequest({ ...options, githubWebUrl: 'https://github.com' });

  expectGolden(`pull-request-${name}.md`, `${title}\n\n---\n\n${body}\n\n---\n\n${commitMessage}`);
});

test('setup pull request', () => {
  const { title, body, commitMessage } = renderSetupPullRequest({
    repository: { owner: 'acme', name: 'stripe-server' },
    serverName: 'stripe',
    deploymentsRepository: { owner: 'acme', name: 'mcp-server-deployments' },
  });

  expectGolden('setup-pull-request.md', `${title}\n\n---\n\n${body}\n---\n\n${commitMessage}`);
});

test('replies', () => {
  const replies = [
    renderRefusal({ key: 'comment-1001', login: 'sam', command: '/host', commitSha: COMMIT_SHA }),
    renderHelp({ key: 'comment-1002' }),
    renderHelp({ key: 'comment-1003', unknown: ['deploy', 'restart'] }),
    renderNotHosted({ key: 'comment-1004', command: '/stop' }),
    renderNotHosted({ key: 'comment-1005', command: '/stop', pullRequest: 12 }),
    renderForkNeedsHead({ key: 'comment-1006', login: 'sam', head: COMMIT_SHA }),
    renderTooManyCommands({ key: 'comment-1007', commandsMax: 5 }),
  ];

  for (const { marker, body } of replies) expect(body.startsWith(`${marker}\n`)).toBe(true);
  expectGolden('replies.md', replies.map(({ body }) => body).join('\n---\n\n'));
});

function pullRequestCases(): [string, Omit<Parameters<typeof renderPullRequest>[0], 'githubWebUrl'>][] {
  const before = overlayInput({
    digest: `sha256:${'07af'.repeat(16)}`,
    version: '1b0d9e2',
    source: { repository: { owner: 'acme', name: 'stripe-server' }, commitSha: `1b0d9e2${'0'.repeat(33)}` },
  });
  const after = overlayInput({
    replicas: 2,
    config: {
      ...before.config,
      env: ['STRIPE_API_KEY', 'LOG_LEVEL'],
      egress: [{ cidr: '203.0.113.0/24', ports: [443] }],
      access: 'public',
      rateLimit: { requestsPerMinute: 600 },
    },
  });
  const proposing = rolloutAt('proposing');
  const push = rolloutAt('proposing', { trigger: { kind: 'push', afterSha: COMMIT_SHA } });
  const api = rolloutAt('proposing', { kind: 'start', trigger: { kind: 'api', requestId: 'r1' }, requestedBy: 'ci' });
  return [
    ['first-deploy', { rollout: proposing, before: null, after: overlayInput(), unset: [], renderedDiff: DIFF }],
    ['update', { rollout: push, before, after, unset: ['LOG_LEVEL', 'STRIPE_API_KEY'], renderedDiff: DIFF }],
    [
      'stop',
      {
        rollout: { ...proposing, kind: 'stop' },
        before,
        after: { ...before, replicas: 0 },
        unset: [],
        renderedDiff: DIFF,
      },
    ],
    ['start', { rollout: api, before: { ...before, replicas: 0 }, after: before, unset: [], renderedDiff: '' }],
    ['delete', { rollout: { ...proposing, kind: 'delete' }, before, after: null, unset: [], renderedDiff: '' }],
  ];
}

function fenced(value: object): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}

test('reply to a command that could not begin', () => {
  const error = { message: 'Cannot stop `a-b`: it is <stopped>, expected it running', hint: 'Comment `/start`.' };

  expectGolden('problem-reply.md', renderProblem({ key: 'comment-1008', login: 'sam', error }).body);
});
