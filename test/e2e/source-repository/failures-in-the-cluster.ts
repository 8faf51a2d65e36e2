import { expect, test } from '@jest/globals';
import { CoreV1Api } from '@kubernetes/client-node';
import {
  ask,
  clusterOf,
  completedCheckRun,
  mergeProposal,
  rolloutsOf,
  TEST_MS_MAX,
  waitForBotComment,
  waitForReaction,
  waitForRow,
  waitUntilSettled,
} from '../people.ts';
import { type E2ePlatform, tinyServer } from '../platform.ts';

const CRASHING = `console.error('Error: cannot find the flux capacitor');\nprocess.exit(3);\n`;

export function testFailuresInTheCluster(started: () => E2ePlatform): void {
  test.concurrent(
    'a server that exits at once is told with its last lines; a push with a fix heals it',
    async () => {
      const platform = started();
      const name = 'crashing';
      const files = tinyServer(name, { 'server.js': CRASHING });
      const { commit, comment, issue, serverId } = await ask(platform, name, { files });
      await mergeProposal(platform, serverId);
      const check = await completedCheckRun(platform, name, commit);
      expect(check.conclusion).toBe('failure');
      expect(check.output.text).toContain('Error: cannot find the flux capacitor');
      await waitForReaction(platform, name, comment, 'confused');
      await waitForBotComment(platform, name, issue, 'The server exited');
      expect((await platform.waitForStatus(name, 'failed')).status_message).toMatch(/^The server exited/);
      expect(await rolloutsOf(platform, serverId)).toMatchObject([{ state: { failure: { code: 'server-crashed' } } }]);

      const mended = await platform.push(name, tinyServer(name));
      await mergeProposal(platform, serverId);
      const row = await waitForRow(platform, name, 'running');
      expect(row).toMatchObject({ image_tag: mended.slice(0, 7), status_message: null });
      expect((await completedCheckRun(platform, name, mended)).conclusion).toBe('success');
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a server without the Secret it needs names it, and goes on by itself once it is there',
    async () => {
      const platform = started();
      const name = 'secretive';
      const files = tinyServer(name, { '.mcp-hosting.yml': 'env: [TOKEN]\n' });
      const { commit, issue, serverId } = await ask(platform, name, { files });
      await mergeProposal(platform, serverId);
      const failed = await platform.waitForStatus(name, 'failed');
      expect(failed.status_message).toBe('`TOKEN` is not set.');
      expect((await completedCheckRun(platform, name, commit)).conclusion).toBe('action_required');
      await waitForBotComment(platform, name, issue, `create secret generic mcp-${serverId}-env`);

      await clusterOf(platform)
        .makeApiClient(CoreV1Api)
        .createNamespacedSecret({
          namespace: 'mcp-servers',
          body: { metadata: { name: `mcp-${serverId}-env` }, stringData: { TOKEN: 'a value of no one' } },
        });
      const row = await waitForRow(platform, name, 'running');
      expect(row.env_vars).toEqual(['TOKEN']);
      await waitUntilSettled(platform, serverId);
      expect((await completedCheckRun(platform, name, commit)).conclusion).toBe('success');
      expect(await rolloutsOf(platform, serverId)).toHaveLength(1);
    },
    TEST_MS_MAX,
  );
}
