import { expect, test } from '@jest/globals';
import {
  type Asked,
  ask,
  completedCheckRun,
  DEPLOYMENTS,
  deploymentRequests,
  rolloutsOf,
  TEST_MS_MAX,
  waitForBotComment,
  waitForRow,
  waitUntilHeard,
  waitUntilSettled,
} from '../people.ts';
import type { E2ePlatform } from '../platform.ts';

export function testAutoMerge(started: () => E2ePlatform): void {
  let automatic: Asked;

  test(
    'needs no person, and at most seven requests',
    async () => {
      const platform = started();
      await platform.control('DELETE', '/requests');
      automatic = await ask(platform, 'automatic');
      const { commit, serverId } = automatic;
      await platform.waitForStatus('automatic', 'running');
      await waitUntilSettled(platform, serverId);
      expect(await deploymentRequests(platform)).toBeLessThanOrEqual(7);
      const { data: pulls } = await platform.you.rest.pulls.list({
        ...DEPLOYMENTS,
        state: 'all',
        head: `acme:mcp-hosting/${serverId}`,
      });
      expect(pulls).toHaveLength(1);
      expect(pulls[0]?.merged_at).not.toBeNull();
      expect((await completedCheckRun(platform, 'automatic', commit)).conclusion).toBe('success');
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'commands of one comment run in their order',
    async () => {
      const platform = started();
      const { issue, serverId } = automatic;
      await waitUntilHeard(platform, await platform.comment('automatic', issue, '/stop\n\n/start'));
      await waitUntilSettled(platform, serverId);
      expect((await platform.row('automatic'))?.status).toBe('running');
      const rollouts = await rolloutsOf(platform, serverId);
      expect(rollouts).toMatchObject([
        { kind: 'deploy', stage: 'succeeded' },
        { kind: 'stop', stage: 'succeeded' },
        { kind: 'start', stage: 'succeeded' },
      ]);
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a thousand commands in one comment are a few, and leave one running server',
    async () => {
      const platform = started();
      const body = `${'/host\n'.repeat(500)}${'/help\n/status\n'.repeat(250)}`;
      const { issue, serverId } = await ask(platform, 'shouted', { body });
      await waitForBotComment(platform, 'shouted', issue, 'One comment runs 5 commands at most');
      await waitForRow(platform, 'shouted', 'running');
      expect(await rolloutsOf(platform, serverId)).toMatchObject([{ kind: 'deploy', stage: 'succeeded' }]);
      const { data: runs } = await platform.you.rest.actions.listWorkflowRunsForRepo({
        owner: 'acme',
        repo: 'shouted',
      });
      expect(runs.total_count).toBe(1);
    },
    TEST_MS_MAX,
  );
}

/** Needs the policy, and a protected branch of the deployments repository. */
export function testProtectedBranch(started: () => E2ePlatform): void {
  test(
    'waits for people where the branch is protected',
    async () => {
      const platform = started();
      const protect = (isProtected: boolean) =>
        platform.control('POST', '/protected-branches', {
          repository: 'acme/mcp-server-deployments',
          branch: 'main',
          protected: isProtected,
        });
      await protect(true);
      const { issue, serverId } = await ask(platform, 'guarded');
      await waitForBotComment(platform, 'guarded', issue, '**Do this:** have someone review and merge');
      await platform.waitFor('the row of guarded to wait for someone', async () => {
        const row = await platform.row('guarded');
        return row?.status === 'deploying' && /^Waiting for someone to merge /.test(`${row.status_message}`);
      });
      const { number } = await platform.waitForProposal(serverId);
      await protect(false);
      await mergeUnlessMerged(platform, number);
      await platform.waitForStatus('guarded', 'running');
    },
    TEST_MS_MAX,
  );
}

/** The bot tries again when the check of the manifests passes, which may be after the branch was freed. */
async function mergeUnlessMerged(platform: E2ePlatform, pullRequest: number): Promise<void> {
  await platform.merge(pullRequest).catch((error: Error) => {
    if (!error.message.startsWith('Pull Request is already merged')) throw error;
  });
}
