import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppsV1Api, CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { eventually } from './eventually.ts';
import { gatewayRequest } from './gateway-request.ts';
import { pushScript, pushServerImage, startTestCluster, type TestCluster } from './test-cluster.ts';
import { deploymentOf, routeOf } from './workload.ts';

let cluster: TestCluster;
let core: CoreV1Api;
let apps: AppsV1Api;
const namespace = 'mcp-servers';
const missing = `ghcr.io/acme/none@sha256:${'0'.repeat(64)}`;

beforeAll(async () => {
  cluster = await startTestCluster();
  const config = new KubeConfig();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  core = config.makeApiClient(CoreV1Api);
  apps = config.makeApiClient(AppsV1Api);
});

afterAll(() => cluster.close());

async function podsOf(name: string): Promise<V1Pod[]> {
  return (await core.listNamespacedPod({ namespace, labelSelector: `app=${name}` })).items;
}

async function containerOf(name: string) {
  return (await podsOf(name))[0]?.status?.containerStatuses?.[0];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('A container that ends over and over shows as CrashLoopBackOff, with its exit code and both logs', async () => {
  await pushScript(
    cluster,
    'acme/crash',
    'console.log("run", process.pid); console.error("no config"); process.exit(3);',
  );
  await cluster.sandbox.apply([deploymentOf({ name: 'crash', image: 'acme/crash:latest', deadlineSeconds: 1 })]);

  const status = await eventually(async () => {
    const container = await containerOf('crash');
    return container?.state?.waiting?.reason === 'CrashLoopBackOff' && container.restartCount > 1 && container;
  });
  const name = (await podsOf('crash'))[0]?.metadata?.name ?? '';
  const previous = await eventually(() => core.readNamespacedPodLog({ namespace, name, previous: true }));
  // Empty while the next container has started and said nothing yet.
  const tail = await eventually(
    async () => (await core.readNamespacedPodLog({ namespace, name, tailLines: 1 })) || false,
  );
  const deployment = await eventually(async () => {
    const found = await apps.readNamespacedDeployment({ namespace, name: 'crash' });
    return found.status?.conditions?.some((each) => each.reason === 'ProgressDeadlineExceeded') && found;
  });

  expect(status.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
  expect(previous).toMatch(/^run \d+\nno config\n$|^no config\nrun \d+\n$/);
  expect(tail.split('\n')).toHaveLength(2);
  expect(deployment.status?.unavailableReplicas).toBe(1);
  await apps.deleteNamespacedDeployment({ namespace, name: 'crash' });
});

test('A container waits for its Secret and starts by itself when that appears; its value arrives as it is', async () => {
  await pushServerImage(cluster, 'acme/secret', 'one');
  const env = [
    { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'late', key: 'token' } } },
    { name: 'OPTIONAL', valueFrom: { secretKeyRef: { name: 'never', key: 'x', optional: true } } },
    { name: 'PATH_IN_IMAGE', value: '/app/server.mjs' },
  ];
  await cluster.sandbox.apply([
    deploymentOf({ name: 'secret', image: 'acme/secret:latest', container: { env } }),
    ...routeOf('secret'),
  ]);

  const waiting = await eventually(async () => (await containerOf('secret'))?.state?.waiting);
  await eventually(async () => (await containerOf('secret'))?.state?.waiting?.reason === 'CreateContainerConfigError');
  const body = { metadata: { name: 'late' }, stringData: { other: 'x' } };
  await core.createNamespacedSecret({ namespace, body });
  const keyless = await eventually(async () => {
    const message = (await containerOf('secret'))?.state?.waiting?.message;
    return message?.includes('find key') && message;
  });
  await core.replaceNamespacedSecret({ namespace, name: 'late', body: { ...body, stringData: { token: '/app' } } });
  const token = await eventually(async () => {
    const answer = await gatewayRequest(cluster, 'secret.localhost', '/env?name=TOKEN');
    return answer.status === 200 && answer.body;
  });
  const mapped = await gatewayRequest(cluster, 'secret.localhost', '/env?name=PATH_IN_IMAGE');
  const hosts = await gatewayRequest(cluster, 'secret.localhost', '/env?name=OPTIONAL');

  expect(waiting.reason).toMatch(/ContainerCreating|CreateContainerConfigError/);
  expect(keyless).toBe(`couldn't find key token in Secret ${namespace}/late`);
  expect(token).toBe('/app');
  expect(mapped.body).toMatch(/rootfs\/app\/server\.mjs$/);
  expect(hosts.body).toBe('(unset)');
});

test('A container waits for a Secret that it mounts, and sees its changes as files while it runs', async () => {
  await pushServerImage(cluster, 'acme/mounted', 'one');
  const volumes = [{ name: 'keys', secret: { secretName: 'mounted', items: [{ key: 'list', path: 'keys' }] } }];
  const container = {
    env: [{ name: 'FILE', value: '/etc/keys/keys' }],
    volumeMounts: [{ name: 'keys', mountPath: '/etc/keys', readOnly: true }],
  };
  await cluster.sandbox.apply([
    deploymentOf({ name: 'mounted', image: 'acme/mounted:latest', container, pod: { volumes } }),
    ...routeOf('mounted'),
  ]);
  const read = (expected: string) =>
    eventually(async () => {
      const answer = await gatewayRequest(cluster, 'mounted.localhost', '/file');
      return answer.body === expected && answer.status;
    });
  const patch = (list: string | null) =>
    cluster.sandbox.apply([
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'mounted', namespace }, stringData: { list, other: 'x' } },
    ]);

  const message = await eventually(async () => (await containerOf('mounted'))?.state?.waiting?.message);
  await patch('first');
  await read('first');
  const pid = (await gatewayRequest(cluster, 'mounted.localhost', '/pid')).body;
  await patch('second');
  await read('second');
  await patch('');
  await read('');

  expect(message).toBe('MountVolume.SetUp failed for volume "keys" : secret "mounted" not found');
  expect((await gatewayRequest(cluster, 'mounted.localhost', '/pid')).body).toBe(pid);
});

test('An unknown digest shows as ImagePullBackOff, without a log', async () => {
  await cluster.sandbox.apply([deploymentOf({ name: 'none', image: missing })]);

  const waiting = await eventually(async () => {
    const state = (await containerOf('none'))?.state?.waiting;
    return state?.reason === 'ImagePullBackOff' && state;
  });
  const name = (await podsOf('none'))[0]?.metadata?.name ?? '';

  expect(waiting.message).toContain(missing);
  await expect(core.readNamespacedPodLog({ namespace, name })).rejects.toMatchObject({ code: 400 });
  await apps.deleteNamespacedDeployment({ namespace, name: 'none' });
  await eventually(async () => (await podsOf('none')).length === 0);
});

test('A container that fails its liveness probe is restarted, one that is not ready gets no requests', async () => {
  const source = `
    import { createServer } from 'node:http';
    let sick = false;
    createServer((request, response) => {
      if (request.url === '/sicken') sick = true;
      response.statusCode = sick && request.url === '/health' ? 500 : 200;
      response.end(String(process.pid));
    }).listen(process.env.MCP_WRAPPER_PORT, '127.0.0.1');`;
  await pushScript(cluster, 'acme/sick', source);
  const probe = { httpGet: { path: '/health', port: 3000 }, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 60 };
  const container = { startupProbe: { ...probe, failureThreshold: 30 }, readinessProbe: probe, livenessProbe: probe };
  await cluster.sandbox.apply([
    deploymentOf({ name: 'sick', image: 'acme/sick:latest', container }),
    ...routeOf('sick'),
  ]);
  const first = await eventually(async () => {
    const answer = await gatewayRequest(cluster, 'sick.localhost', '/');
    return answer.status === 200 && answer.body;
  });

  await gatewayRequest(cluster, 'sick.localhost', '/sicken');
  await eventually(async () => (await containerOf('sick'))?.restartCount === 1);
  const second = await eventually(async () => {
    const answer = await gatewayRequest(cluster, 'sick.localhost', '/');
    return answer.status === 200 && answer.body;
  });

  expect(second).not.toBe(first);
  expect(isAlive(Number(first))).toBe(false);
  await apps.deleteNamespacedDeployment({ namespace, name: 'sick' });
});

test('A new version that never gets ready leaves the old one in service', async () => {
  await pushServerImage(cluster, 'acme/steady', 'one');
  await cluster.sandbox.apply([deploymentOf({ name: 'steady', image: 'acme/steady:latest' }), ...routeOf('steady')]);
  await eventually(async () => (await gatewayRequest(cluster, 'steady.localhost', '/version')).body === 'one');

  await cluster.sandbox.apply([deploymentOf({ name: 'steady', image: missing })]);
  await eventually(async () => (await podsOf('steady')).length === 2);
  const during = await gatewayRequest(cluster, 'steady.localhost', '/version');
  await cluster.sandbox.apply([deploymentOf({ name: 'steady', image: 'acme/steady:latest', replicas: 0 })]);
  await eventually(async () => (await podsOf('steady')).length === 0);
  const stopped = await gatewayRequest(cluster, 'steady.localhost', '/version');

  expect(during.body).toBe('one');
  expect(stopped.status).toBe(503);
  expect(stopped.headers['retry-after']).toMatch(/^\d+$/);
  expect(JSON.parse(stopped.body).error.code).toBe('no-ready-pod');
});

test('A process that does not end on SIGTERM, and its children, are killed after the grace', async () => {
  const source = `
    import { spawn } from 'node:child_process';
    import { createServer } from 'node:http';
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
    process.on('SIGTERM', () => {});
    createServer((_, response) => response.end(process.pid + ' ' + child.pid)).listen(process.env.MCP_WRAPPER_PORT, '127.0.0.1');`;
  await pushScript(cluster, 'acme/stubborn', source);
  const deployment = deploymentOf({ name: 'stubborn', image: 'acme/stubborn:latest' }) as {
    spec: { template: { spec: { terminationGracePeriodSeconds: number } } };
  };
  deployment.spec.template.spec.terminationGracePeriodSeconds = 1;
  await cluster.sandbox.apply([deployment, ...routeOf('stubborn')]);
  const pids = await eventually(async () => {
    const answer = await gatewayRequest(cluster, 'stubborn.localhost', '/');
    return answer.status === 200 && answer.body.split(' ').map(Number);
  });

  await apps.deleteNamespacedDeployment({ namespace, name: 'stubborn' });
  await eventually(() => !pids.some(isAlive));
  await eventually(async () => (await podsOf('stubborn')).length === 0);
});

test('After a restart the same pods run again, as new processes', async () => {
  await pushServerImage(cluster, 'acme/again', 'one');
  await cluster.sandbox.apply([deploymentOf({ name: 'again', image: 'acme/again:latest' }), ...routeOf('again')]);
  const first = await eventually(async () => {
    const answer = await gatewayRequest(cluster, 'again.localhost', '/pid');
    return answer.status === 200 && answer.body;
  });
  const [pod] = await podsOf('again');

  await cluster.restart();
  const config = new KubeConfig();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  core = config.makeApiClient(CoreV1Api);
  const second = await eventually(async () => {
    const answer = await gatewayRequest(cluster, 'again.localhost', '/pid');
    return answer.status === 200 && answer.body;
  });
  const [after] = await podsOf('again');

  expect(isAlive(Number(first))).toBe(false);
  expect(second).not.toBe(first);
  expect(after?.metadata?.uid).toBe(pod?.metadata?.uid);
  expect(after?.status?.containerStatuses?.[0]?.restartCount).toBe(1);
});
