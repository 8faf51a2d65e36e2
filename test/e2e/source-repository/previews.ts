import { expect, test } from '@jest/globals';
import {
  applications,
  ask,
  botComments,
  completedCheckRun,
  inAcme,
  mergeProposal,
  openPullRequest,
  TEST_MS_MAX,
  waitForRow,
  waitUntilSettled,
} from '../people.ts';
import { type E2ePlatform, tinyServer } from '../platform.ts';

export function testPreviews(started: () => E2ePlatform): void {
  test.concurrent(
    'a pull request has a preview that follows its branch, goes with it, and leaves production alone',
    async () => {
      const platform = started();
      const name = 'previewed';
      const production = await ask(platform, name);
      const first = await platform.push(name, tinyServer('preview 1'), { branch: 'feature' });
      const number = await openPullRequest(platform.you, name, 'feature');
      await platform.comment(name, number, '/host');
      const { server_id: previewId } = await platform.waitFor('a preview', () => platform.row(name, number));
      expect(previewId).not.toBe(production.serverId);
      await Promise.all([mergeProposal(platform, production.serverId), mergeProposal(platform, previewId)]);
      const [, preview] = await Promise.all([
        platform.waitForStatus(name, 'running'),
        platform.waitForStatus(name, 'running', number),
      ]);
      await waitUntilSettled(platform, production.serverId);
      const before = await platform.row(name);
      expect(before).toMatchObject({ server_id: production.serverId, image_tag: production.commit.slice(0, 7) });
      expect(preview).toMatchObject({ server_id: previewId, image_tag: first.slice(0, 7) });
      expect((await completedCheckRun(platform, name, first)).conclusion).toBe('success');

      const second = await platform.push(name, tinyServer('preview 2'), { branch: 'feature' });
      await mergeProposal(platform, previewId);
      await platform.waitFor('the new head', async () => {
        const row = await platform.row(name, number);
        return row?.status === 'running' && row.image_tag === second.slice(0, 7);
      });
      expect((await completedCheckRun(platform, name, second)).conclusion).toBe('success');

      await platform.you.rest.pulls.update({ ...inAcme(name), pull_number: number, state: 'closed' });
      await mergeProposal(platform, previewId);
      const gone = await waitForRow(platform, name, 'deleted', number);
      expect(gone.deleted_at).not.toBeNull();
      await waitUntilSettled(platform, previewId);
      expect(await applications(platform)).not.toContain(`mcp-${previewId}`);
      const comments = await botComments(platform, inAcme(name), number);
      expect(comments.map(({ body }) => body.split('\n')[1])).toEqual([`### ${previewId} is deleted`]);
      expect(await platform.row(name)).toEqual(before);
      expect(await applications(platform)).toContain(`mcp-${production.serverId}`);
    },
    TEST_MS_MAX,
  );
}
