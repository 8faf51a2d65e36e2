import { expect, test } from '@jest/globals';
import {
  ask,
  botComments,
  DEPLOYMENTS,
  mergeProposal,
  readFile,
  TEST_MS_MAX,
  waitUntilSettled,
  writeFile,
} from '../people.ts';
import type { E2ePlatform } from '../platform.ts';

const CHECK = 'mcp-hosting / manifests';

/** The check run of a pull request's head, once it is there. */
function manifestsCheck(platform: E2ePlatform, ref: string) {
  return platform.waitFor(`${CHECK} on ${ref}`, async () => {
    const { data } = await platform.you.rest.checks.listForRef({ ...DEPLOYMENTS, ref, check_name: CHECK });
    return data.check_runs[0]?.status === 'completed' && data.check_runs[0];
  });
}

async function headOf(platform: E2ePlatform, number: number): Promise<string> {
  const { data } = await platform.you.rest.pulls.get({ ...DEPLOYMENTS, pull_number: number });
  return data.head.sha;
}

/** Pull requests of the deployments repository, by the bot and by people. */
export function testReviews(started: () => E2ePlatform): void {
  test.concurrent(
    'a deployment pull request passes its check, and one by hand that breaks the policy fails with its lines',
    async () => {
      const platform = started();
      const { serverId } = await ask(platform, 'reviewed');
      const proposal = await platform.waitForProposal(serverId);
      const passed = await manifestsCheck(platform, await headOf(platform, proposal.number));
      expect(passed).toMatchObject({ conclusion: 'success', output: { title: '1 server added' } });
      expect(await botComments(platform, DEPLOYMENTS, proposal.number)).toEqual([]);
      await mergeProposal(platform, serverId);
      await platform.waitForStatus('reviewed', 'running');
      await waitUntilSettled(platform, serverId);

      const branch = 'open-the-door';
      const { data: main } = await platform.you.rest.git.getRef({ ...DEPLOYMENTS, ref: 'heads/main' });
      await platform.you.rest.git.createRef({ ...DEPLOYMENTS, ref: `refs/heads/${branch}`, sha: main.object.sha });
      const path = `servers/${serverId}/service.yaml`;
      const text = (await readFile(platform.you, DEPLOYMENTS, path)) ?? '';
      await writeFile(
        platform.you,
        DEPLOYMENTS,
        path,
        text.replace('spec:\n', 'spec:\n  type: LoadBalancer\n'),
        branch,
      );
      const { data: pull } = await platform.you.rest.pulls.create({
        ...DEPLOYMENTS,
        base: 'main',
        head: branch,
        title: 'Open the door',
      });
      const failed = await manifestsCheck(platform, pull.head.sha);
      expect(failed).toMatchObject({ conclusion: 'failure', output: { title: '1 problem to mend' } });
      const comments = await platform.waitFor('the comment on it', async () => {
        const found = await botComments(platform, DEPLOYMENTS, pull.number);
        return found.length > 0 && found;
      });
      expect(comments).toHaveLength(1);
      expect(comments[0]?.body).toContain('spec.type: it is "LoadBalancer", expected "ClusterIP"');
      expect(comments[0]?.body).toContain('+  type: LoadBalancer');
      await platform.you.rest.pulls.update({ ...DEPLOYMENTS, pull_number: pull.number, state: 'closed' });
    },
    TEST_MS_MAX,
  );
}

/** Needs the policy `merge: auto`, and a branch that requires the check. */
export function testRequiredCheck(started: () => E2ePlatform): void {
  test(
    'merges where the branch requires the check of manifests, once that passed',
    async () => {
      const platform = started();
      const protect = (isProtected: boolean) =>
        platform.control('POST', '/protected-branches', {
          repository: 'acme/mcp-server-deployments',
          branch: 'main',
          protected: isProtected,
          requiredCheck: CHECK,
        });
      await protect(true);
      const { serverId } = await ask(platform, 'required');
      await platform.waitForStatus('required', 'running');
      await waitUntilSettled(platform, serverId);
      await protect(false);
    },
    TEST_MS_MAX,
  );
}
