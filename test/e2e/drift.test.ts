import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppsV1Api, CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import {
  applications,
  ask,
  clusterOf,
  DEPLOYMENTS,
  mergeProposal,
  readFile,
  TEST_MS_MAX,
  waitUntilSettled,
  writeFile,
} from './people.ts';
import { type E2ePlatform, startPlatform, WAIT_MS_MAX } from './platform.ts';

let platform: E2ePlatform;

beforeAll(async () => {
  platform = await startPlatform({ DRIFT_INTERVAL_MS: '1000' });
}, WAIT_MS_MAX);
afterAll(() => platform?.close(), WAIT_MS_MAX);

/** Makes every drift one that was seen an hour ago. */
const age = () => platform.query("UPDATE drift_seen SET seen_since = NOW() - INTERVAL '1 hour'");

async function removeOverlay(serverId: string): Promise<void> {
  const { rest } = platform.you;
  const { data } = await rest.repos.getContent({ ...DEPLOYMENTS, path: `servers/${serverId}` });
  for (const { path, sha } of data as { path: string; sha: string }[]) {
    await rest.repos.deleteFile({ ...DEPLOYMENTS, path, sha, message: `Remove ${path}` });
  }
}

test(
  'a server whose overlay a person removes becomes deleted, and its Secrets go a week later',
  async () => {
    const { serverId } = await ask(platform, 'removed');
    await mergeProposal(platform, serverId);
    await platform.waitForStatus('removed', 'running');
    await waitUntilSettled(platform, serverId);

    await removeOverlay(serverId);
    const row = await platform.waitFor('the server to be deleted', async () => {
      await age();
      const found = await platform.row('removed');
      return found?.status === 'deleted' && found;
    });

    expect(row.status_message).toBe('Its overlay was removed from the deployments repository.');
    await platform.waitFor(
      'the Application to go',
      async () => !(await applications(platform)).includes(`mcp-${serverId}`),
    );
    const core = clusterOf(platform).makeApiClient(CoreV1Api);
    const secrets = async () => {
      const { items } = await core.listNamespacedSecret({ namespace: 'mcp-servers' });
      return items.filter(({ metadata }) => metadata?.name?.startsWith(`mcp-${serverId}-`)).length;
    };
    expect(await secrets()).toBeGreaterThan(0);
    await platform.query("UPDATE hosted_servers SET deleted_at = NOW() - INTERVAL '8 days'");
    await platform.waitFor('the Secrets to go', async () => {
      await age();
      return (await secrets()) === 0;
    });
  },
  TEST_MS_MAX,
);

test(
  'a directory that nobody knows is told in an issue, which closes when it is gone',
  async () => {
    const { rest } = platform.you;
    const path = 'servers/by-hand-k3v9x2/kustomization.yaml';
    const content = Buffer.from('resources: []\n').toString('base64');
    await rest.repos.createOrUpdateFileContents({ ...DEPLOYMENTS, path, content, message: 'By hand' });
    const issue = await platform.waitFor('the issue', async () => {
      await age();
      const { data } = await rest.issues.listForRepo({ ...DEPLOYMENTS, labels: 'mcp-hosting/drift' });
      return data[0];
    });
    expect(issue.body).toContain('mcp-hosting knows no such server');

    await removeOverlay('by-hand-k3v9x2');

    await platform.waitFor('the issue to be closed', async () => {
      const { data } = await rest.issues.get({ ...DEPLOYMENTS, issue_number: issue.number });
      return data.state === 'closed';
    });
  },
  TEST_MS_MAX,
);

test(
  'a Deployment that a person scales is scaled back by Argo CD, and a server that a person stopped in git is told',
  async () => {
    const names = ['scaled', 'shown'];
    const asked = await Promise.all(names.map((name) => ask(platform, name)));
    for (const [index, { serverId }] of asked.entries()) {
      await mergeProposal(platform, serverId);
      await platform.waitForStatus(names[index] ?? '', 'running');
      await waitUntilSettled(platform, serverId);
    }
    const serverId = asked[0]?.serverId ?? '';
    const name = `mcp-${serverId}`;
    const apps = clusterOf(platform).makeApiClient(AppsV1Api);
    const at = { name, namespace: 'mcp-servers' };
    const replicas = async () => (await apps.readNamespacedDeployment(at)).spec?.replicas;

    await apps.patchNamespacedDeployment(
      { ...at, body: { spec: { replicas: 3 } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    await platform.waitFor('Argo CD to scale it back', async () => (await replicas()) === 1);

    const path = `servers/${serverId}/kustomization.yaml`;
    const text = (await readFile(platform.you, DEPLOYMENTS, path)) ?? '';
    await writeFile(platform.you, DEPLOYMENTS, path, text.replace('count: 1', 'count: 0'));
    await platform.waitFor('the issue', async () => {
      await age();
      const { data } = await platform.you.rest.issues.listForRepo({ ...DEPLOYMENTS, labels: 'mcp-hosting/drift' });
      return data[0]?.body?.includes(`| \`${serverId}\` | mcp-hosting has the server as running, and no pod`);
    });
    expect(await replicas()).toBe(0);
  },
  TEST_MS_MAX,
);
