import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { type KubernetesSandbox, startKubernetes } from '../../sandbox/kubernetes/kubernetes-server.ts';
import { eventually } from '../sandbox-kubernetes/eventually.ts';
import { gatewayRequest } from '../sandbox-kubernetes/gateway-request.ts';
import { deploymentOf, routeOf } from '../sandbox-kubernetes/workload.ts';
import { TEST_NODE_IMAGE } from './base-images.ts';
import { describeWithEngine, engine } from './engine-under-test.ts';
import { type PlatformBench, startPlatformBench } from './platform-fixture.ts';

const namespace = 'mcp-servers';

/** Answers what a process sees of its container; `/die` ends it, `/eat` takes memory until somebody ends it. */
const SERVER = `
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
const attempt = (work) => { try { work(); return 'yes'; } catch (error) { return error.code; } };
const status = (field) => new RegExp(field + ':\\\\s*(.*)').exec(readFileSync('/proc/self/status', 'utf8'))[1];
const server = createServer((request, response) => {
  if (request.url === '/die') { console.log('told to die'); process.exit(7); }
  if (request.url === '/eat') { const eaten = []; setInterval(() => eaten.push(Buffer.alloc(2 ** 24, 1)), 1); return; }
  if (request.url === '/hang') { server.closeAllConnections(); server.close(); return; }
  response.end(JSON.stringify({
    pid: process.pid, user: process.getuid() + ':' + process.getgid(), host: hostname(), env: process.env,
    writesRoot: attempt(() => writeFileSync('/app/x', '')), writesTmp: attempt(() => writeFileSync('/tmp/x', '')),
    capabilities: status('CapEff'), noNewPrivileges: status('NoNewPrivs'),
  }));
});
server.listen(3000, () => console.log('listening'));
process.on('SIGTERM', () => { console.log('ending'); if (process.env.STUBBORN !== 'yes') process.exit(0); });
`;

describeWithEngine('The kubelet with an engine', TEST_NODE_IMAGE, () => {
  let bench: PlatformBench;
  let sandbox: KubernetesSandbox;
  let core: CoreV1Api;
  let apps: AppsV1Api;
  let image: string;

  beforeAll(async () => {
    bench = await startPlatformBench();
    const { digest } = await bench.build('server', {
      Dockerfile: `FROM ${TEST_NODE_IMAGE}\nWORKDIR /app\nCOPY server.mjs .\nENV FROM_IMAGE=yes\nENTRYPOINT ["node", "server.mjs"]\n`,
      'server.mjs': SERVER,
    });
    image = `${bench.owner}/server@${digest}`;
    sandbox = await start();
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubeconfigPath);
    core = config.makeApiClient(CoreV1Api);
    apps = config.makeApiClient(AppsV1Api);
    await sandbox.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  });

  afterAll(async () => {
    await sandbox?.close();
    await bench.close();
  });

  function start(): Promise<KubernetesSandbox> {
    return startKubernetes({
      port: 0,
      gatewayPort: 0,
      dataDir: join(bench.dir, 'kubernetes'),
      runtime: bench.platform.runtime,
      log: () => undefined,
      restartTimes: { firstMs: 200, maxMs: 400, resetAfterMs: 600_000 },
    });
  }

  async function podOf(name: string) {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${name}` });
    return items[0];
  }

  async function statusOf(name: string) {
    return (await podOf(name))?.status?.containerStatuses?.[0];
  }

  /** What the server says of itself, once the gateway reaches it. */
  function seenBy(name: string): Promise<Record<string, unknown> & { env: Record<string, string> }> {
    return eventually(async () => {
      const { status, body } = await gatewayRequest({ sandbox }, `${name}.localhost`, '/');
      return status === 200 && JSON.parse(body);
    });
  }

  async function remove(name: string): Promise<void> {
    await apps.deleteNamespacedDeployment({ namespace, name });
    await eventually(async () => (await podOf(name)) === undefined);
  }

  const probe = { httpGet: { path: '/', port: 3000 }, periodSeconds: 1 };

  test('runs an image of another registry by its digest, as tightly as the manifest says', async () => {
    const hardened = deploymentOf({
      name: 'tight',
      image,
      container: {
        env: [{ name: 'GREETING', value: 'grüße' }],
        resources: { limits: { memory: '128Mi', cpu: '500m' } },
        startupProbe: probe,
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        securityContext: {
          runAsUser: 10001,
          runAsGroup: 10001,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
      },
    }) as { spec: { template: { spec: Record<string, unknown> } } };
    hardened.spec.template.spec.volumes = [{ name: 'tmp', emptyDir: { sizeLimit: '16Mi' } }];
    await sandbox.apply([hardened, ...routeOf('tight')]);

    const seen = await seenBy('tight');

    const pod = await podOf('tight');
    expect(seen).toMatchObject({
      user: '10001:10001',
      host: pod?.metadata?.name,
      env: { GREETING: 'grüße', FROM_IMAGE: 'yes' },
      writesRoot: 'EROFS',
      writesTmp: 'yes',
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
    });
    const status = pod?.status?.containerStatuses?.[0];
    expect(status).toMatchObject({ imageID: image, containerID: expect.stringMatching(/^docker:\/\/[0-9a-f]{64}$/) });
    const { body } = await engine.client.request('GET', `/containers/${status?.containerID?.slice(9)}/json`);
    expect(body).toMatchObject({
      HostConfig: { Memory: 128 * 2 ** 20, MemorySwap: 128 * 2 ** 20, NanoCpus: 500_000_000 },
      NetworkSettings: { Ports: { '3000/tcp': [{ HostIp: '127.0.0.1' }] } },
    });
    await remove('tight');
    expect(await bench.containers()).toEqual([]);
  });

  test('restarts one that ends, with its exit code and both logs', async () => {
    await sandbox.apply([
      deploymentOf({ name: 'ends', image, container: { readinessProbe: probe } }),
      ...routeOf('ends'),
    ]);
    await seenBy('ends');

    await gatewayRequest({ sandbox }, 'ends.localhost', '/die').catch(() => undefined);

    const status = await eventually(async () => {
      const now = await statusOf('ends');
      return (now?.restartCount ?? 0) > 0 && now;
    });
    const name = (await podOf('ends'))?.metadata?.name ?? '';
    expect(status.lastState?.terminated).toMatchObject({ exitCode: 7, reason: 'Error' });
    await eventually(async () => (await core.readNamespacedPodLog({ namespace, name })) === 'listening\n');
    expect(await core.readNamespacedPodLog({ namespace, name, previous: true })).toBe('listening\ntold to die\n');
    await remove('ends');
  });

  test('says OOMKilled of one that goes beyond its memory', async () => {
    const container = { resources: { limits: { memory: '96Mi' } }, readinessProbe: probe };
    await sandbox.apply([deploymentOf({ name: 'eats', image, container }), ...routeOf('eats')]);
    await seenBy('eats');

    void gatewayRequest({ sandbox }, 'eats.localhost', '/eat').catch(() => undefined);

    const terminated = await eventually(async () => (await statusOf('eats'))?.lastState?.terminated);
    expect(terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    await remove('eats');
  });

  test('restarts one that fails its liveness probe', async () => {
    const container = { livenessProbe: { ...probe, failureThreshold: 1 }, readinessProbe: probe };
    await sandbox.apply([deploymentOf({ name: 'hangs', image, container }), ...routeOf('hangs')]);
    await seenBy('hangs');

    await gatewayRequest({ sandbox }, 'hangs.localhost', '/hang').catch(() => undefined);

    await eventually(async () => ((await statusOf('hangs'))?.restartCount ?? 0) > 0);
    await seenBy('hangs');
    await remove('hangs');
  });

  test('kills one that does not end on SIGTERM, after the grace', async () => {
    const container = { env: [{ name: 'STUBBORN', value: 'yes' }] };
    await sandbox.apply([deploymentOf({ name: 'stays', image, container }), ...routeOf('stays')]);
    await seenBy('stays');
    const name = (await podOf('stays'))?.metadata?.name ?? '';

    await apps.deleteNamespacedDeployment({ namespace, name: 'stays' });

    await eventually(async () => (await core.readNamespacedPodLog({ namespace, name })).endsWith('ending\n'));
    await eventually(async () => (await podOf('stays')) === undefined);
    expect(await bench.containers()).toEqual([]);
  });

  test.each([
    [
      'an unknown digest',
      { image: `ghcr.io/acme/none@sha256:${'0'.repeat(64)}` },
      /ErrImagePull|ImagePullBackOff/,
      'failed to pull',
    ],
    [
      'root, where that is forbidden',
      { securityContext: { runAsNonRoot: true } },
      /^CreateContainerError$/,
      'will run as root',
    ],
    ['a command that is not there', { command: ['/no/such'] }, /^CrashLoopBackOff$/, 'back-off'],
  ])('waits, saying why, for %s', async (_what, container, reason, message) => {
    await sandbox.apply([deploymentOf({ name: 'waits', image, container })]);

    const waiting = await eventually(async () => {
      const now = (await statusOf('waits'))?.state?.waiting;
      return now?.reason !== 'ContainerCreating' && now;
    });

    expect(waiting).toMatchObject({ reason: expect.stringMatching(reason), message: expect.stringContaining(message) });
    await remove('waits');
    expect(await bench.containers()).toEqual([]);
  });

  test('ends all containers when it ends, and those of one that was killed when it starts', async () => {
    await sandbox.apply([deploymentOf({ name: 'lives', image }), ...routeOf('lives')]);
    await seenBy('lives');
    await sandbox.close();
    expect(await bench.containers()).toEqual([]);
    const labels = ['dev.mcp-hosting.sandbox', 'dev.mcp-hosting.part'];
    sandbox = await start();
    await seenBy('lives');
    const [living] = await bench.containers();
    const own = living?.Labels as Record<string, string>;

    const leftover = await startBesides(labels.map((label) => [label, own[label] ?? '']));
    const foreign = await startBesides([
      ['dev.mcp-hosting.sandbox', 'another'],
      ['dev.mcp-hosting.part', 'pods'],
    ]);
    await sandbox.close();
    sandbox = await start();

    expect(await isThere(leftover)).toBe(false);
    expect(await isThere(foreign)).toBe(true);
    await engine.client.request('DELETE', `/containers/${foreign}`, { query: { force: '1' } });
    await seenBy('lives');
  });

  /** A container that a kubelet which is no more could have left. @returns its id */
  async function startBesides(labels: string[][]): Promise<string> {
    const { body } = await engine.client.request('POST', '/containers/create', {
      json: { Image: TEST_NODE_IMAGE, Cmd: ['sleep', '600'], Labels: Object.fromEntries(labels) },
    });
    const { Id } = body as { Id: string };
    await engine.client.request('POST', `/containers/${Id}/start`);
    return Id;
  }

  async function isThere(id: string): Promise<boolean> {
    return (await engine.client.request('GET', `/containers/${id}/json`, { accept: [404] })).status === 200;
  }
});
