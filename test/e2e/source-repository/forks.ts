import { expect, test } from '@jest/globals';
import {
  botComments,
  inAcme,
  openPullRequest,
  rolloutsOf,
  TEST_MS_MAX,
  waitForBotComment,
  waitForRow,
  waitForStage,
  waitUntilHeard,
  waitUntilPullRequestHeard,
  writeFile,
} from '../people.ts';
import { type E2ePlatform, tinyServer } from '../platform.ts';

export function testForks(started: () => E2ePlatform): void {
  test.concurrent(
    'code of a fork is built only where someone with write access says so, and only what they saw',
    async () => {
      const platform = started();
      const name = 'forked';
      await platform.push(name, tinyServer(name));
      const stranger = await platform.person('stranger');
      const reviewer = await platform.person('reviewer', { [`acme/${name}`]: 'write' });
      await stranger.rest.repos.createFork(inAcme(name));
      const fork = { owner: 'stranger', repo: name };
      const first = await writeFile(stranger, fork, 'server.js', tinyServer('fork 1')['server.js'] ?? '');
      const number = await openPullRequest(stranger, name, 'stranger:main');
      await waitUntilPullRequestHeard(platform, 'opened', first);

      for (const body of ['/host', `/host ${first}`, '/host', '/status']) {
        await waitUntilHeard(platform, await platform.comment(name, number, body, stranger));
      }
      const refusals = await botComments(platform, inAcme(name), number);
      expect(refusals.map(({ body }) => body)).toEqual([
        expect.stringContaining('@stranger, hosting from this repository needs write access.'),
      ]);
      expect(await platform.row(name, number)).toBeUndefined();

      await platform.comment(name, number, '/host', reviewer);
      const { server_id: serverId } = await platform.waitFor('a preview', () => platform.row(name, number));
      const proposal = await platform.waitForProposal(serverId);
      expect(proposal.body).toContain(first);
      const { data: checks } = await platform.you.rest.checks.listForRef({ ...inAcme(name), ref: first });
      expect(checks.total_count).toBe(1);

      const second = await writeFile(stranger, fork, 'server.js', tinyServer('fork 2')['server.js'] ?? '');
      await waitUntilPullRequestHeard(platform, 'synchronize', second);
      expect(await rolloutsOf(platform, serverId)).toMatchObject([{ kind: 'deploy', commit_sha: first }]);

      for (const wrong of ['0000000', first, 'main', second.slice(0, 6)]) {
        const comment = await platform.comment(name, number, `/host ${wrong}`, reviewer);
        await waitUntilHeard(platform, comment);
      }
      const refused = await botComments(platform, inAcme(name), number);
      const named = refused.filter(({ body }) => body.includes(`the head is \`${second.slice(0, 7)}\``));
      expect(named).toHaveLength(4);
      expect(await rolloutsOf(platform, serverId)).toHaveLength(1);

      await platform.comment(name, number, `/host ${second.slice(0, 7)}`, reviewer);
      await platform.waitFor('a proposal of the second head', async () =>
        (await platform.waitForProposal(serverId)).body.includes(second),
      );
      await waitForStage(platform, serverId, 'proposed');
      expect(await rolloutsOf(platform, serverId)).toMatchObject([
        { commit_sha: first, stage: 'cancelled' },
        { commit_sha: second, stage: 'proposed' },
      ]);

      await stranger.rest.pulls.update({ ...inAcme(name), pull_number: number, state: 'closed' });
      await waitForRow(platform, name, 'deleted', number);
      await platform.comment(name, number, '/host', reviewer);
      await waitForBotComment(platform, name, number, 'it is closed, expected it open');
      expect((await platform.row(name, number))?.server_id).toBe(serverId);
    },
    TEST_MS_MAX,
  );
}
