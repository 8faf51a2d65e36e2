import { expect, test } from '@jest/globals';
import {
  type Asked,
  ask,
  botComments,
  completedCheckRun,
  inAcme,
  mergeProposal,
  TEST_MS_MAX,
  waitForBotComment,
  waitUntilSettled,
} from '../people.ts';
import type { E2ePlatform } from '../platform.ts';

function waitForSetup(platform: E2ePlatform, name: string, isNew: (number: number) => boolean = () => true) {
  return platform.waitFor(`a setup pull request in ${name}`, async () => {
    const { data } = await platform.you.rest.pulls.list({ ...inAcme(name), head: 'acme:mcp-hosting/setup' });
    return data.find(({ number }) => isNew(number));
  });
}

export function testSetup(started: () => E2ePlatform): void {
  test.concurrent(
    'a repository without the workflow gets a pull request that says why; its merge goes on to running',
    async () => {
      const platform = started();
      const asked: Asked = await ask(platform, 'unprepared', { workflow: false });
      const setup = await waitForSetup(platform, 'unprepared');
      expect(setup.body).toContain('its image has to be built here');
      const { data: files } = await platform.you.rest.pulls.listFiles({
        ...inAcme('unprepared'),
        pull_number: setup.number,
      });
      expect(files.map(({ filename, status }) => [filename, status])).toEqual([
        ['.github/workflows/mcp-hosting.yml', 'added'],
      ]);
      await waitForBotComment(platform, 'unprepared', asked.issue, 'which adds the build workflow');
      expect((await platform.row('unprepared'))?.status_message).toBe(`Waiting for someone to merge ${setup.html_url}`);

      const { data: merged } = await platform.you.rest.pulls.merge({
        ...inAcme('unprepared'),
        pull_number: setup.number,
      });
      await mergeProposal(platform, asked.serverId);
      const row = await platform.waitForStatus('unprepared', 'running');
      expect(row.image_tag).toBe(merged.sha.slice(0, 7));
      expect((await completedCheckRun(platform, 'unprepared', merged.sha)).conclusion).toBe('success');
      const { data: older } = await platform.you.rest.checks.listForRef({
        ...inAcme('unprepared'),
        ref: asked.commit,
      });
      expect(older.total_count).toBe(0);
      expect(await botComments(platform, inAcme('unprepared'), asked.issue)).toHaveLength(1);
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a setup pull request that is closed cancels and says so; the next /host opens another',
    async () => {
      const platform = started();
      const { issue, serverId } = await ask(platform, 'declined', { workflow: false });
      const setup = await waitForSetup(platform, 'declined');
      await waitForBotComment(platform, 'declined', issue, 'which adds the build workflow');
      await platform.you.rest.pulls.update({ ...inAcme('declined'), pull_number: setup.number, state: 'closed' });
      const row = await platform.waitForStatus('declined', 'failed');
      expect(row.status_message).toBe('The setup pull request was closed by @you without a merge.');
      await waitForBotComment(platform, 'declined', issue, 'The setup pull request was closed by');
      await waitUntilSettled(platform, serverId);

      await platform.comment('declined', issue, '/host');
      const second = await waitForSetup(platform, 'declined', (number) => number !== setup.number);
      const { data: commits } = await platform.you.rest.pulls.listCommits({
        ...inAcme('declined'),
        pull_number: second.number,
      });
      expect(commits).toHaveLength(1);
      expect((await platform.row('declined'))?.server_id).toBe(serverId);
    },
    TEST_MS_MAX,
  );
}
