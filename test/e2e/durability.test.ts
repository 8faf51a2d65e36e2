import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitUntilSettled } from './people.ts';
import { type E2ePlatform, startPlatform, tinyServer, WAIT_MS_MAX } from './platform.ts';

const DISPATCH = 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches';
/** Every call of a deployment, by what the sandbox's GitHub names it; a person merges before the last one. */
const CALLS = [
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
  'repository',
  'createCheckRun',
  DISPATCH,
  'createCommitOnBranch',
  'updateCheckRun',
] as const;
const TEST_MS_MAX = 4 * WAIT_MS_MAX;
/**
 * Shorter than a hang, longer than any answer on a slow machine: where a proposal is made after the bot has given the request
 * up, and merged at that moment, a second one is opened, found empty and closed.
 */
const REQUEST_TIMEOUT_MS = '8000';

let platform: E2ePlatform;
beforeAll(async () => {
  platform = await startPlatform({ GITHUB_REQUEST_TIMEOUT_MS: REQUEST_TIMEOUT_MS });
}, WAIT_MS_MAX);
afterAll(async () => {
  const violations = await platform?.control<unknown[]>('GET', '/violations');
  await platform?.close();
  expect(violations).toEqual([]);
}, WAIT_MS_MAX);

async function ask(name: string): Promise<{ issue: number; commit: string }> {
  const commit = await platform.push(name, tinyServer(name));
  const issue = await platform.openIssue(name);
  await platform.comment(name, issue, '/host');
  return { issue, commit };
}

async function mergeProposalOf(name: string): Promise<void> {
  const { server_id: serverId } = await platform.waitFor(`a row of ${name}`, () => platform.row(name));
  await platform.merge((await platform.waitForProposal(serverId)).number);
}

/** Everything that a deployment leaves behind, counted. */
async function traces(name: string, { issue, commit }: { issue: number; commit: string }) {
  const { rest } = platform.you;
  const repository = { owner: 'acme', repo: name };
  const row = await platform.waitForStatus(name, 'running');
  const serverId = row.server_id;
  await waitUntilSettled(platform, serverId);
  const checkRuns = await platform.waitFor('the final check run', async () => {
    const { data } = await rest.checks.listForRef({ ...repository, ref: commit });
    return data.check_runs.every(({ status }) => status === 'completed') && data.check_runs;
  });
  const pulls = await rest.pulls.list({
    owner: 'acme',
    repo: 'mcp-server-deployments',
    state: 'all',
    head: `acme:mcp-hosting/${serverId}`,
  });
  const commits = await rest.pulls.listCommits({
    owner: 'acme',
    repo: 'mcp-server-deployments',
    pull_number: pulls.data[0]?.number ?? 0,
  });
  const comments = await rest.issues.listComments({ ...repository, issue_number: issue });
  const runs = await rest.actions.listWorkflowRunsForRepo({ ...repository });
  const deployments = await rest.repos.listDeployments({ ...repository });
  return {
    status: row.status,
    checkRuns: checkRuns.map(({ conclusion }) => conclusion),
    pulls: pulls.data.map(({ state }) => state),
    commits: commits.data.length,
    comments: comments.data.filter(({ user }) => user?.type === 'Bot').length,
    runs: runs.data.workflow_runs.map(({ conclusion }) => conclusion),
    deployments: deployments.data.length,
  };
}

const CLEAN = {
  status: 'running',
  checkRuns: ['success'],
  pulls: ['closed'],
  commits: 1,
  comments: 1,
  runs: ['success'],
  deployments: 1,
};

describe('SIGKILL for the bot', () => {
  /** Stops the next such request of the bot before or after it has its effect. */
  async function hold(operation: string, when: 'before' | 'after'): Promise<number> {
    const match = { operation, actor: 'installation' };
    const { id } = await platform.control<{ id: number }>('POST', '/faults', { match, action: { kind: 'hold', when } });
    return id;
  }

  /** Kills the bot while its request is held, and lets go. */
  async function killAt(fault: number): Promise<void> {
    await platform.waitFor(`request ${fault} to be held`, async () => {
      const { struck } = await platform.control<{ struck: number }>('GET', `/faults/${fault}?wait_ms=5000&for=struck`);
      return struck > 0;
    });
    await platform.killBot();
    await platform.control('DELETE', '/faults');
  }

  test.each(['before', 'after'] as const)(
    '%s every call of one deployment leaves one of each',
    async (when) => {
      const name = `killed-${when}`;
      const held = await hold(CALLS[0], when);
      const asked = await ask(name);
      await killAt(held);
      for (const operation of CALLS.slice(1)) await killAt(await hold(operation, when));
      const last = await hold('updateCheckRun', when);
      await mergeProposalOf(name);
      await killAt(last);
      expect(await traces(name, asked)).toEqual(CLEAN);
    },
    TEST_MS_MAX,
  );

  test(
    'while webhooks arrive and while Argo CD syncs leaves one of each',
    async () => {
      const asked = await ask('killed-blind');
      await platform.killBot();
      await platform.waitFor('a build', async () => {
        const { data } = await platform.you.rest.actions.listWorkflowRunsForRepo({
          owner: 'acme',
          repo: 'killed-blind',
        });
        return data.total_count > 0;
      });
      await platform.killBot();
      await mergeProposalOf('killed-blind');
      await platform.killBot();
      expect(await traces('killed-blind', asked)).toEqual(CLEAN);
    },
    TEST_MS_MAX,
  );
});

describe('webhooks', () => {
  test(
    'that come twice and in reversed pairs leave one of each',
    async () => {
      await platform.control('POST', '/webhooks', { duplicate: true, reversePairs: true });
      const asked = await ask('reversed');
      await mergeProposalOf('reversed');
      expect(await traces('reversed', asked)).toEqual(CLEAN);
      await platform.control('POST', '/webhooks', {});
    },
    TEST_MS_MAX,
  );

  test(
    'that were lost are asked for again',
    async () => {
      await platform.control('POST', '/webhooks', { drop: 'repository_dispatch|pull_request' });
      const asked = await ask('lost');
      await platform.waitFor('the build', async () => {
        const { data } = await platform.you.rest.actions.listWorkflowRunsForRepo({ owner: 'acme', repo: 'lost' });
        return data.workflow_runs[0]?.status === 'completed';
      });
      await platform.control('POST', '/webhooks', {});
      await mergeProposalOf('lost');
      expect(await traces('lost', asked)).toEqual(CLEAN);
    },
    TEST_MS_MAX,
  );
});

describe('GitHub', () => {
  test(
    'that answers 502, limits or hangs at any call is asked again until it is done',
    async () => {
      const limit = {
        status: 403,
        headers: { 'retry-after': '1' },
        body: { message: 'You have exceeded a secondary rate limit.' },
      };
      const troubles = [
        { kind: 'status', status: 502, when: 'before' },
        { kind: 'status', ...limit, when: 'before' },
        { kind: 'hang', ms: 30_000, when: 'before' },
        { kind: 'close', when: 'after' },
      ];
      for (const operation of CALLS) {
        for (const [index, action] of troubles.entries()) {
          await platform.control('POST', '/faults', {
            match: { operation, actor: 'installation' },
            nth: index * 2 + 1,
            action,
          });
        }
      }
      const names = ['troubled-a', 'troubled-b', 'troubled-c'];
      const asked = [];
      for (const name of names) asked.push(await ask(name));
      await Promise.all(names.map(mergeProposalOf));
      for (const [index, name] of names.entries()) {
        expect({ name, ...(await traces(name, asked[index] as never)) }).toEqual({ name, ...CLEAN });
      }
      await platform.control('DELETE', '/faults');
    },
    TEST_MS_MAX,
  );

  test(
    'that refuses for good fails the rollout with the reason',
    async () => {
      await platform.control('POST', '/faults', {
        match: { operation: DISPATCH, actor: 'installation' },
        times: 100,
        action: {
          kind: 'status',
          status: 403,
          body: { message: 'Resource not accessible by integration' },
          when: 'before',
        },
      });
      await ask('refused');
      const row = await platform.waitForStatus('refused', 'failed');
      expect(row.status_message).toMatch(/^Cannot .*expected the App to have the permission/);
      await platform.control('DELETE', '/faults');
    },
    TEST_MS_MAX,
  );
});
