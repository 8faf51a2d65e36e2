import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CoreV1Api, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { eventually } from './eventually.ts';
import { gatewayRequest } from './gateway-request.ts';
import { argoObjects, overlay } from './overlay.ts';
import { pushServerImage, startTestCluster, type TestCluster } from './test-cluster.ts';
import { createTestRepository, type TestRepository } from './test-repository.ts';

let cluster: TestCluster;
let repository: TestRepository;
let config: KubeConfig;
const image = 'ghcr.io/acme/mcp-servers/hello-k3v9x2';
const application = { group: 'argoproj.io', version: 'v1alpha1', namespace: 'argocd', plural: 'applications' };

beforeAll(async () => {
  cluster = await startTestCluster();
  repository = createTestRepository(cluster.dir);
  repository.push({ 'servers/.gitkeep': '' });
  config = new KubeConfig();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  await cluster.sandbox.apply(argoObjects(repository.url));
});

afterAll(() => cluster.close());

async function readApplication(serverId: string) {
  const api = config.makeApiClient(CustomObjectsApi);
  return api.getNamespacedCustomObject({ ...application, name: `mcp-${serverId}` });
}

test('A commit to the deployments repository becomes a server behind the gateway, the next one replaces it', async () => {
  const first = await pushServerImage(cluster, image, 'one');
  const commit = repository.push(overlay({ serverId: 'hello-k3v9x2', image, digest: first }));

  const healthy = await eventually(async () => {
    const { status } = await readApplication('hello-k3v9x2');
    return status?.sync.revision === commit && status?.health.status === 'Healthy' && status.summary.images && status;
  });
  const answer = await gatewayRequest(cluster, 'hello-k3v9x2.localhost:3003', '/version');

  expect(healthy.sync.status).toBe('Synced');
  expect(healthy.operationState).toMatchObject({ phase: 'Succeeded', syncResult: { revision: commit } });
  expect(healthy.summary.images).toEqual([`${image}@${first}`]);
  expect(healthy.resources.map((each: { kind: string }) => each.kind).sort()).toEqual([
    'Deployment',
    'HTTPRoute',
    'Service',
  ]);
  expect(answer).toMatchObject({ status: 200, body: 'one' });

  const second = await pushServerImage(cluster, image, 'two');
  repository.push(overlay({ serverId: 'hello-k3v9x2', image, digest: second }));
  const answers = new Set<string>();
  await eventually(async () => {
    const { status, body } = await gatewayRequest(cluster, 'hello-k3v9x2.localhost', '/version');
    answers.add(`${status} ${body}`);
    return body === 'two';
  });

  expect([...answers]).toEqual(['200 one', '200 two']);
});

test('Removing the directory prunes everything', async () => {
  repository.push({ 'servers/hello-k3v9x2': undefined });

  await eventually(() =>
    readApplication('hello-k3v9x2').then(
      () => false,
      (error) => error.code === 404,
    ),
  );
  const core = config.makeApiClient(CoreV1Api);
  await eventually(async () => (await core.listNamespacedPod({ namespace: 'mcp-servers' })).items.length === 0);
  const answer = await gatewayRequest(cluster, 'hello-k3v9x2.localhost', '/version');

  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.body).error.code).toBe('unknown-host');
});
