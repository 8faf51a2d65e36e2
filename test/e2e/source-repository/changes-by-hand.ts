import { expect, test } from '@jest/globals';
import {
  ask,
  botComments,
  completedCheckRun,
  DEPLOYMENTS,
  inAcme,
  mergeProposal,
  readFile,
  TEST_MS_MAX,
  waitForBotComment,
  waitForRow,
  waitForStage,
  waitUntilSettled,
  writeFile,
} from '../people.ts';
import type { E2ePlatform } from '../platform.ts';

/** What people delete, lock, leave over and edit while the bot works. */
export function testChangesByHand(started: () => E2ePlatform): void {
  test.concurrent(
    'a sticky comment that was deleted is made anew, and an overlay edited by hand keeps its edit on /stop',
    async () => {
      const platform = started();
      const name = 'edited';
      const { issue, serverId } = await ask(platform, name);
      await platform.waitForProposal(serverId);
      const sticky = await waitForBotComment(platform, name, issue, '**Do this:** have someone review and merge');
      await platform.you.rest.issues.deleteComment({ ...inAcme(name), comment_id: sticky.id });
      await mergeProposal(platform, serverId);
      await platform.waitForStatus(name, 'running');
      await waitUntilSettled(platform, serverId);
      const comments = await botComments(platform, inAcme(name), issue);
      expect(comments).toHaveLength(1);
      expect(comments[0]?.body).toContain(`### ${serverId} is running`);
      expect(comments[0]?.id).not.toBe(sticky.id);

      const path = `servers/${serverId}/kustomization.yaml`;
      const written = (await readFile(platform.you, DEPLOYMENTS, path)) ?? '';
      const edited = `# Looked after by the data team.\n${written}\n# The end.\n`;
      await writeFile(platform.you, DEPLOYMENTS, path, edited);
      await platform.comment(name, issue, '/stop');
      const { number } = await platform.waitForProposal(serverId);
      const { data: files } = await platform.you.rest.pulls.listFiles({ ...DEPLOYMENTS, pull_number: number });
      expect(files.map(({ filename, additions, deletions }) => ({ filename, additions, deletions }))).toEqual([
        { filename: path, additions: 1, deletions: 1 },
      ]);
      await platform.merge(number);
      const row = await platform.waitForStatus(name, 'stopped');
      expect(row.stopped_at).not.toBeNull();
      expect(await readFile(platform.you, DEPLOYMENTS, path)).toBe(edited.replace('count: 1', 'count: 0'));
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'an issue that is locked does not keep its server from running',
    async () => {
      const platform = started();
      const name = 'locked';
      const { commit, issue, serverId } = await ask(platform, name);
      await platform.waitForProposal(serverId);
      await platform.you.rest.issues.lock({ ...inAcme(name), issue_number: issue });
      await mergeProposal(platform, serverId);
      await platform.waitForStatus(name, 'running');
      await waitUntilSettled(platform, serverId);
      expect((await completedCheckRun(platform, name, commit)).conclusion).toBe('success');
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a branch that was left over, with commits of others, becomes exactly the change',
    async () => {
      const platform = started();
      const name = 'leftover';
      const { issue, serverId } = await ask(platform, name);
      await waitForStage(platform, serverId, 'proposed');
      const first = await platform.waitForProposal(serverId);
      await platform.you.rest.pulls.update({ ...DEPLOYMENTS, pull_number: first.number, state: 'closed' });
      await waitForRow(platform, name, 'failed');
      await waitUntilSettled(platform, serverId);
      await writeFile(platform.you, DEPLOYMENTS, 'base/intruder.yaml', 'kind: Intruder\n', `mcp-hosting/${serverId}`);

      await platform.comment(name, issue, '/host');
      const second = await platform.waitForProposal(serverId);
      expect(second.number).not.toBe(first.number);
      const { data: files } = await platform.you.rest.pulls.listFiles({ ...DEPLOYMENTS, pull_number: second.number });
      expect(files.every(({ filename }) => filename.startsWith(`servers/${serverId}/`))).toBe(true);
      expect((await botComments(platform, inAcme(name), issue)).length).toBe(1);
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a repository that was renamed goes on under its new name',
    async () => {
      const platform = started();
      const { issue, serverId } = await ask(platform, 'old-name');
      await mergeProposal(platform, serverId);
      await platform.waitForStatus('old-name', 'running');
      await waitUntilSettled(platform, serverId);
      await platform.you.rest.repos.update({ ...inAcme('old-name'), name: 'new-name' });
      const pushed = await platform.push('new-name', { 'README.md': 'renamed\n' });
      await mergeProposal(platform, serverId);
      const row = await platform.waitFor('the push to the new name', async () => {
        const found = await platform.row('new-name');
        return found?.status === 'running' && found;
      });
      expect(row).toMatchObject({ server_id: serverId, image_tag: pushed.slice(0, 7) });
      expect(await botComments(platform, inAcme('new-name'), issue)).toHaveLength(1);
    },
    TEST_MS_MAX,
  );
}
