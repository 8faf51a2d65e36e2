import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import {
  ask,
  completedCheckRun,
  inAcme,
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
    'a rollout without the secrets it needs waits, names them, and goes on by itself once they are there',
    async () => {
      const platform = started();
      const name = 'secretive';
      const files = tinyServer(name, { '.mcp-hosting.yml': 'env: [TOKEN]\n' });
      const { commit, issue, serverId } = await ask(platform, name, { files });
      await mergeProposal(platform, serverId);
      const waiting = await platform.waitFor('the wait', async () => {
        const row = await platform.row(name);
        return row?.status_message === '`TOKEN` is not set.' && row;
      });
      expect(waiting.status).toBe('deploying');
      const said = await waitForBotComment(platform, name, issue, 'waiting for TOKEN to be set');
      expect(said.body).toContain(`mcp-hosting secrets set ${serverId} TOKEN`);
      const { data } = await platform.you.rest.checks.listForRef({ ...inAcme(name), ref: commit });
      expect(data.check_runs.map(({ status, output }) => [status, output.title])).toEqual([
        ['in_progress', 'Waiting for TOKEN to be set'],
      ]);

      const response = await fetch(`${platform.file.apiUrl}/api/hosting/servers/${serverId}/secrets`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${platform.file.apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ TOKEN: CANARY }),
      });
      expect(await response.json()).toMatchObject({ changed: ['TOKEN'], undeclared: [] });
      const row = await waitForRow(platform, name, 'running');
      expect(row.env_vars).toEqual(['TOKEN']);
      await waitUntilSettled(platform, serverId);
      expect((await completedCheckRun(platform, name, commit)).conclusion).toBe('success');
      expect(await rolloutsOf(platform, serverId)).toHaveLength(1);
      await expectNowhere(platform, CANARY);
    },
    TEST_MS_MAX,
  );
}

const CANARY = 'a-value-of-no-one-5f1c9a';

/** Neither in a table, nor in a file that the bot or GitHub wrote: logs, git objects, comments, check runs. */
async function expectNowhere(platform: E2ePlatform, canary: string): Promise<void> {
  const forms = [canary, Buffer.from(canary).toString('base64')];
  const tables = await platform.query(
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
  );
  for (const { s, t } of tables) {
    const rows = await platform.query(`SELECT to_jsonb(x)::text AS row FROM "${s}"."${t}" AS x`);
    for (const form of forms) expect(JSON.stringify(rows)).not.toContain(form);
  }
  for await (const path of glob(['github/**', '*.log'], { cwd: platform.dataDir })) {
    const bytes = await readFile(join(platform.dataDir, path)).catch(() => Buffer.alloc(0));
    const inflated = path.includes('/objects/') ? inflate(bytes) : bytes;
    for (const form of forms) expect({ path, found: inflated.includes(form) }).toEqual({ path, found: false });
  }
}

/** A loose git object; packs are compressed piece by piece and looked through as they are. */
function inflate(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes);
  } catch {
    return bytes;
  }
}
