import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { callTool } from '../../sandbox/call-tool.ts';
import { type E2ePlatform, startPlatform, tinyServer, WAIT_MS_MAX } from '../e2e/platform.ts';
import { clusterArguments, createClusterEyes, describeWithCluster, find } from './cluster-under-test.ts';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** A real image, a real pull and the probes of a real kubelet come to a minute and more. */
const TEST_MS_MAX = 2 * WAIT_MS_MAX;
/** In which KEDA would have woken a server that is not held: it asks every half second for requests that wait. */
const HELD_MS = 20_000;
const NAMESPACE = process.env.SERVERS_NAMESPACE ?? 'mcp-servers';
const ARGOCD_NAMESPACE = process.env.ARGOCD_NAMESPACE ?? 'argocd';
const APPLICATIONS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'applications', namespace: ARGOCD_NAMESPACE };
const SCALED_OBJECTS = { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledobjects', namespace: NAMESPACE };

/** Ends as soon as the wrapper starts it. */
const CRASHING_SERVER = "console.error('Error: STRIPE_API_KEY is required');\nprocess.exit(1);\n";
const BROKEN_DOCKERFILE = 'FROM node:24-bookworm-slim\nUSER 10001:10001\nENTRYPOINT ["/no-such-program"]\n';

describeWithCluster('hosting on a real cluster', () => {
  let platform: E2ePlatform;
  let eyes: ReturnType<typeof createClusterEyes>;
  const made: string[] = [];

  beforeAll(async () => {
    eyes = createClusterEyes();
    platform = await startPlatform({}, clusterArguments());
  }, TEST_MS_MAX);
  afterAll(async () => {
    for (const name of made) await remove(name);
    await platform?.close();
  }, TEST_MS_MAX);

  async function host(name: string, files: Record<string, string>) {
    await platform.push(name, files);
    const issue = await platform.openIssue(name);
    await platform.comment(name, issue, '/host');
    const { server_id: serverId } = await platform.waitFor('a row', () => platform.row(name));
    await mergeNext(serverId);
    made.push(name);
    return { serverId, issue };
  }

  async function mergeNext(serverId: string): Promise<void> {
    await platform.merge((await platform.waitForProposal(serverId)).number);
  }

  async function command(name: string, { serverId, issue }: { serverId: string; issue: number }, text: string) {
    await platform.comment(name, issue, text);
    await mergeNext(serverId);
  }

  /** What the failed rollout of a server says. */
  async function failureOf(name: string): Promise<{ code: string; message: string; hint: string }> {
    const { server_id: serverId } = await platform.waitForStatus(name, 'failed');
    const query = 'SELECT state FROM rollouts WHERE server_id = $1 ORDER BY triggered_at DESC LIMIT 1';
    const [found] = await platform.query(query, [serverId]);
    if (!found) throw new Error(`There is no rollout of ${serverId}`);
    return (found.state as { failure: { code: string; message: string; hint: string } }).failure;
  }

  const keys = new Map<string, string>();

  async function keyOf(serverId: string): Promise<string> {
    const known = keys.get(serverId);
    if (known) return known;
    const answer = await fetch(`${platform.file.apiUrl}/api/hosting/servers/${serverId}/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.file.apiToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'e2e' }),
    });
    const { key } = (await answer.json()) as { key: string };
    keys.set(serverId, key);
    return key;
  }

  /** A new key is known to the pod when the kubelet has brought the Secret there, within seconds as a rule. */
  async function echo(row: Record<string, unknown>, text: string): Promise<unknown> {
    const serverId = String(row.server_id);
    const endpoint = { serverId, endpointUrl: String(row.endpoint_url), key: await keyOf(serverId) };
    return platform.waitFor('an answer of the tool', () =>
      callTool({ ...endpoint, tool: 'echo', arguments: { text } }).then(
        ({ result }) => result,
        () => undefined,
      ),
    );
  }

  async function bootstrap(...options: string[]): Promise<string> {
    const args = ['bootstrap', '--repository', platform.file.deploymentsRepository, '--data-dir', platform.dataDir];
    return (await run(process.execPath, [CLI, ...args, ...options])).stdout;
  }

  async function mergeBootstrap(): Promise<void> {
    const { data } = await platform.you.rest.pulls.list({
      owner: 'acme',
      repo: 'mcp-server-deployments',
      state: 'open',
    });
    const proposal = data.find(({ head }) => head.ref === 'mcp-hosting/scaffold');
    if (proposal) await platform.merge(proposal.number);
  }

  function deployment(serverId: string) {
    return find(eyes.apps.readNamespacedDeployment({ name: `mcp-${serverId}`, namespace: NAMESPACE }));
  }

  async function remove(name: string): Promise<void> {
    const row = await platform?.row(name);
    if (!row || row.status === 'deleted') return;
    const { data: issues } = await platform.you.rest.issues.listForRepo({ owner: 'acme', repo: name });
    await command(name, { serverId: row.server_id, issue: issues[0]?.number ?? 1 }, '/delete');
    await platform.waitForStatus(name, 'deleted');
  }

  test('bootstrap finds the scaffold that Argo CD follows as it should be', async () => {
    const base = { ...APPLICATIONS, name: 'mcp-servers-base' };
    expect(await eyes.custom.getNamespacedCustomObject(base)).toMatchObject({ status: { sync: { status: 'Synced' } } });
    const namespace = await eyes.core.readNamespace({ name: NAMESPACE });
    expect(namespace.metadata?.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(await bootstrap('--dry-run')).not.toMatch(/conflict/i);
  });

  test(
    'a server goes from /host to a tool call, is updated, stopped, started and deleted',
    async () => {
      const server = await host('tiny', tinyServer('1'));
      const first = await platform.waitForStatus('tiny', 'running');
      expect(JSON.stringify(await echo(first, 'hello'))).toContain('hello');
      const before = await deployment(server.serverId);

      const commit = await platform.push('tiny', tinyServer('2'));
      await mergeNext(server.serverId);
      const second = await platform.waitFor('the new version', async () => {
        const row = await platform.row('tiny');
        return row?.status === 'running' && row.image_tag === commit.slice(0, 7) && row;
      });
      const after = await deployment(server.serverId);
      expect(imageOf(after)).not.toBe(imageOf(before));
      expect(JSON.stringify(await echo(second, 'again'))).toContain('again');

      await command('tiny', server, '/stop');
      await platform.waitForStatus('tiny', 'stopped');
      expect((await deployment(server.serverId))?.spec?.replicas).toBe(0);

      await command('tiny', server, '/start');
      const started = await platform.waitForStatus('tiny', 'running');
      expect(JSON.stringify(await echo(started, 'back'))).toContain('back');

      await command('tiny', server, '/delete');
      await platform.waitForStatus('tiny', 'deleted');
      await platform.waitFor('the end of its Deployment', async () => !(await deployment(server.serverId)));
      const name = `mcp-${server.serverId}`;
      expect(await find(eyes.custom.getNamespacedCustomObject({ ...APPLICATIONS, name }))).toBeUndefined();
    },
    3 * TEST_MS_MAX,
  );

  test(
    'an image whose program is not there fails with the cause',
    async () => {
      await host('broken', { Dockerfile: BROKEN_DOCKERFILE, '.mcp-hosting.yml': 'runtime: docker\n' });
      expect(await failureOf('broken')).toMatchObject({
        code: 'container-not-started',
        message: expect.stringContaining('/no-such-program'),
      });
    },
    TEST_MS_MAX,
  );

  test(
    'a server that crashes again and again fails with its last lines',
    async () => {
      await host('crashing', tinyServer('1', { 'server.js': CRASHING_SERVER }));
      expect(await failureOf('crashing')).toMatchObject({
        code: expect.stringMatching(/^(?:server-crashed|verify-timed-out|server-unhealthy)$/),
      });
    },
    TEST_MS_MAX,
  );

  test(
    'a missing secret is named, and the deployment goes on by itself once it is there',
    async () => {
      const server = await host('secretive', tinyServer('1', { '.mcp-hosting.yml': 'env: [STRIPE_API_KEY]\n' }));
      const hidden = await platform.waitFor('the missing name', async () => {
        const [found] = await platform.query(
          'SELECT state FROM rollouts WHERE server_id = $1 ORDER BY triggered_at DESC LIMIT 1',
          [server.serverId],
        );
        const text = JSON.stringify(found?.state);
        return text.includes('is not set') || text.includes('secret-missing') ? text : undefined;
      });
      expect(hidden).toContain('STRIPE_API_KEY');

      await eyes.core.createNamespacedSecret({
        namespace: NAMESPACE,
        body: {
          metadata: { name: `mcp-${server.serverId}-env`, labels: { 'server-id': server.serverId } },
          stringData: { STRIPE_API_KEY: 'x' },
        },
      });
      const row = await platform.waitFor('the server', async () => {
        const found = await platform.row('secretive');
        return found?.status === 'running' && found;
      });
      expect(JSON.stringify(await echo(row, 'there'))).toContain('there');
    },
    TEST_MS_MAX,
  );

  test(
    'a server that may be at zero goes there when idle, is woken by a request, and is held there by /stop',
    async () => {
      if (!(await find(eyes.custom.listNamespacedCustomObject(SCALED_OBJECTS))) || !(await hasKeda())) {
        process.stderr.write('scale to zero: not run, KEDA and its HTTP add-on do not run in this cluster\n');
        return;
      }
      await bootstrap('--scale-to-zero');
      await mergeBootstrap();
      const server = await host('sleepy', tinyServer('1', { '.mcp-hosting.yml': 'scaling: { min: 0 }\n' }));
      const row = await platform.waitForStatus('sleepy', 'running');
      await platform.waitFor('zero replicas', async () => {
        // Again and again: KEDA may still note the request of the handshake.
        await letIdleTimePass(server.serverId);
        return isAtZero(server.serverId);
      });
      expect(JSON.stringify(await echo(row, 'awake'))).toContain('awake');

      await command('sleepy', server, '/stop');
      await platform.waitForStatus('sleepy', 'stopped');
      await platform.waitFor('the stop', () => isAtZero(server.serverId));
      expect(await answerOf(row, HELD_MS)).toBeUndefined();
      expect(await isAtZero(server.serverId)).toBe(true);

      await command('sleepy', server, '/start');
      const started = await platform.waitForStatus('sleepy', 'running');
      expect(JSON.stringify(await echo(started, 'back'))).toContain('back');
    },
    4 * TEST_MS_MAX,
  );

  async function isAtZero(serverId: string): Promise<boolean> {
    const found = await deployment(serverId);
    return found?.spec?.replicas === 0 && !found.status?.replicas;
  }

  /** What KEDA knows of the last request is set back, beyond the ten minutes that a server stays up without any. */
  async function letIdleTimePass(serverId: string): Promise<void> {
    const body = { status: { lastActiveTime: new Date(Date.now() - 3_600_000).toISOString() } };
    const options = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
    const object = { ...SCALED_OBJECTS, name: `mcp-${serverId}`, body };
    await eyes.custom.patchNamespacedCustomObjectStatus(object, options);
  }

  /** @returns undefined where none came in time: the interceptor keeps a request waiting until the server has a pod */
  function answerOf({ endpoint_url: url }: Record<string, unknown>, timeoutMs: number): Promise<number | undefined> {
    const { host, port, pathname } = new URL(String(url));
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, path: pathname, headers: { host } }, ({ statusCode }) => {
        resolve(statusCode);
        call.destroy();
      });
      call.setTimeout(timeoutMs, () => {
        resolve(undefined);
        call.destroy();
      });
      call.on('error', reject);
      call.end();
    });
  }

  async function hasKeda(): Promise<boolean> {
    const name = 'keda-add-ons-http-interceptor';
    return (await find(eyes.apps.readNamespacedDeployment({ name, namespace: 'keda' }))) !== undefined;
  }
});

function imageOf(
  deployment: Awaited<ReturnType<ReturnType<typeof createClusterEyes>['apps']['readNamespacedDeployment']>> | undefined,
) {
  return deployment?.spec?.template.spec?.containers[0]?.image;
}
