import { expect, test } from '@jest/globals';
import { gatewayRequest } from '../../sandbox-kubernetes/gateway-request.ts';
import {
  ask,
  botComments,
  completedCheckRun,
  inAcme,
  mergeProposal,
  rolloutsOf,
  TEST_MS_MAX,
  waitForBotComment,
  waitForReaction,
  waitForStage,
} from '../people.ts';
import { type E2ePlatform, tinyServer } from '../platform.ts';

const BAD_CONFIG = 'runtime: node\ncolour: blue\nresources:\n  limits:\n    memory: lots\naccess: public\n';
const BROKEN_BUILD = JSON.stringify({
  name: 'tiny',
  version: '1.0.0',
  type: 'module',
  bin: 'server.js',
  scripts: { build: "echo 'compiling the parts' && echo 'error TS2322: cyan is no colour' >&2 && exit 7" },
});

export function testConfigsAndBuilds(started: () => E2ePlatform): void {
  test.concurrent(
    'a configuration that is wrong is marked on its very lines; the mended one is hosted by itself, its metrics hidden',
    async () => {
      const platform = started();
      const name = 'misconfigured';
      const files = tinyServer(name, { '.mcp-hosting.yml': BAD_CONFIG });
      const { commit, comment, issue, serverId } = await ask(platform, name, { files });
      const check = await completedCheckRun(platform, name, commit);
      expect(check.conclusion).toBe('failure');
      expect(check.output.title).toBe('.mcp-hosting.yml has 2 problems');
      const { data: annotations } = await platform.you.rest.checks.listAnnotations({
        ...inAcme(name),
        check_run_id: check.id,
      });
      expect(annotations.map((one) => [one.path, one.start_line, one.annotation_level, one.title])).toEqual([
        ['.mcp-hosting.yml', 2, 'failure', 'colour'],
        ['.mcp-hosting.yml', 5, 'failure', 'resources.limits.memory'],
      ]);
      await waitForReaction(platform, name, comment, 'confused');
      const said = await waitForBotComment(platform, name, issue, 'line 5');
      expect(said.body).toContain('**Do this:** Mend the lines that the check run marks, and push');
      expect(await platform.waitForStatus(name, 'failed')).toMatchObject({
        status_message: expect.stringContaining('`.mcp-hosting.yml` line 2'),
      });

      const mended = await platform.push(name, { '.mcp-hosting.yml': 'runtime: node\naccess: public\n' });
      await mergeProposal(platform, serverId);
      const row = await platform.waitFor('the mended version', async () => {
        const found = await platform.row(name);
        return found?.status === 'running' && found;
      });
      expect(row.image_tag).toBe(mended.slice(0, 7));
      expect((await completedCheckRun(platform, name, mended)).conclusion).toBe('success');
      expect(await botComments(platform, inAcme(name), issue)).toHaveLength(1);
      const endpointUrl = String(row.endpoint_url);
      const { host } = new URL(endpointUrl);
      const gateway = { sandbox: { gatewayUrl: endpointUrl } };
      expect(await gatewayRequest(gateway, host, '/health')).toMatchObject({ status: 200 });
      expect(await gatewayRequest(gateway, host, '/metrics')).toMatchObject({ status: 404 });
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a configuration that is wrong is marked also where the workflow is missing',
    async () => {
      const platform = started();
      const name = 'unprepared-misconfigured';
      const files = tinyServer(name, { '.mcp-hosting.yml': BAD_CONFIG });
      const { commit } = await ask(platform, name, { files, workflow: false });
      const check = await completedCheckRun(platform, name, commit);
      expect(check).toMatchObject({ conclusion: 'failure', output: { annotations_count: 2 } });
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a repository that nothing tells how to build fails with what to add',
    async () => {
      const platform = started();
      const { commit, issue } = await ask(platform, 'unknown', { files: { 'README.md': '# A server, one day\n' } });
      const check = await completedCheckRun(platform, 'unknown', commit);
      expect(check.conclusion).toBe('failure');
      expect(check.output.summary).toContain('expected package.json, pyproject.toml, requirements.txt or Dockerfile');
      await waitForBotComment(platform, 'unknown', issue, 'Add one of them, or set runtime in .mcp-hosting.yml');
      expect((await platform.row('unknown'))?.status).toBe('failed');
    },
    TEST_MS_MAX,
  );

  test.concurrent(
    'a build that fails shows its last lines; the next push heals it',
    async () => {
      const platform = started();
      const name = 'unbuildable';
      const files = tinyServer(name, { 'package.json': BROKEN_BUILD });
      const { commit, comment, issue, serverId } = await ask(platform, name, { files });
      const check = await completedCheckRun(platform, name, commit);
      expect(check.conclusion).toBe('failure');
      expect(check.output.text).toContain('error TS2322: cyan is no colour');
      await waitForReaction(platform, name, comment, 'confused');
      const said = await waitForBotComment(platform, name, issue, 'The build ended with');
      expect(said.body).toContain('error TS2322: cyan is no colour');
      expect((await platform.waitForStatus(name, 'failed')).status_message).toBe('The build ended with `failure`.');

      const mended = await platform.push(name, tinyServer(name));
      await platform.waitForProposal(serverId);
      await waitForStage(platform, serverId, 'proposed');
      expect(await rolloutsOf(platform, serverId)).toMatchObject([
        { commit_sha: commit, stage: 'failed' },
        { commit_sha: mended, stage: 'proposed' },
      ]);
      expect(await botComments(platform, inAcme(name), issue)).toHaveLength(1);
    },
    TEST_MS_MAX,
  );
}
