import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppsV1Api, CustomObjectsApi, KubeConfig, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { eventually } from './eventually.ts';
import { argoObjects, overlay } from './overlay.ts';
import { pushServerImage, startTestCluster, type TestCluster } from './test-cluster.ts';
import { createTestRepository, type TestRepository } from './test-repository.ts';

/** Polling git takes longer than any test, so that only what asks for a look brings one. */
const pollMs = 600_000;
const image = 'ghcr.io/acme/mcp-servers/a';
const applications = { group: 'argoproj.io', version: 'v1alpha1', namespace: 'argocd', plural: 'applications' };
const sets = { ...applications, plural: 'applicationsets' };
const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

let cluster: TestCluster;
let repository: TestRepository;
let custom: CustomObjectsApi;
let apps: AppsV1Api;
let digest: string;

beforeAll(async () => {
  cluster = await startTestCluster({ gitPollMs: pollMs });
  repository = createTestRepository(cluster.dir);
  repository.push({ 'servers/.gitkeep': '', 'servers/.hidden/x': '' });
  const config = new KubeConfig();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  custom = config.makeApiClient(CustomObjectsApi);
  apps = config.makeApiClient(AppsV1Api);
  digest = await pushServerImage(cluster, image, 'one');
  await cluster.sandbox.apply(argoObjects(repository.url));
  await eventually(async () => {
    const set = await custom.getNamespacedCustomObject({ ...sets, name: 'mcp-servers' });
    return set.status?.conditions?.some(
      (each: { type: string; status: string }) => each.type === 'ResourcesUpToDate' && each.status === 'True',
    );
  });
});

afterAll(() => cluster.close());

async function refresh(): Promise<void> {
  const body = { metadata: { annotations: { 'argocd.argoproj.io/application-set-refresh': 'true' } } };
  await custom.patchNamespacedCustomObject({ ...sets, name: 'mcp-servers', body }, merge);
}

async function statusOf(name: string) {
  return (await custom.getNamespacedCustomObject({ ...applications, name })).status;
}

async function healthyAt(name: string, revision: string) {
  return eventually(async () => {
    const status = await statusOf(name);
    const isThere = status?.sync.revision === revision && status.sync.status === 'Synced';
    return isThere && status.health.status === 'Healthy' && status;
  });
}

test('The push webhook brings a new directory at once, and every Application the new revision', async () => {
  const first = repository.push(overlay({ serverId: 'a', image, digest }));
  const clone_url = repository.url.replace(/\.git$/, '');
  const post = (body: string) => fetch(`${cluster.sandbox.url}/argocd/api/webhook`, { method: 'POST', body });
  await post(JSON.stringify({ ref: 'refs/heads/main', repository: { clone_url } }));
  await healthyAt('mcp-a', first);

  const second = repository.push(overlay({ serverId: 'b', image, digest }));
  const answer = await post(JSON.stringify({ repository: { clone_url } }));
  const status = await healthyAt('mcp-a', second);
  await healthyAt('mcp-b', second);

  expect(answer.status).toBe(200);
  expect(status.operationState.syncResult.revision).toBe(first);
  expect(status.history.map((each: { revision: string }) => each.revision)).toEqual([first]);
  expect((await post('no JSON')).status).toBe(400);
});

test('The refresh annotation of an Application brings a look, and goes', async () => {
  const revision = repository.push(overlay({ serverId: 'a', image, digest, replicas: 0 }));
  const body = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
  await custom.patchNamespacedCustomObject({ ...applications, name: 'mcp-a', body }, merge);

  const status = await healthyAt('mcp-a', revision);
  const application = await eventually(async () => {
    const found = await custom.getNamespacedCustomObject({ ...applications, name: 'mcp-a' });
    return found.metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined && found;
  });

  await eventually(async () => (await statusOf('mcp-a')).summary.images === undefined);
  expect(status.operationState.phase).toBe('Succeeded');
  expect(application.metadata.labels).toEqual({ 'server-id': 'a' });
  expect(application.metadata.finalizers).toEqual(['resources-finalizer.argocd.argoproj.io']);
});

test.each([
  ['YAML that is none', 'apiVersion: [', /app path|unmarshal|Cannot render|not one document|YAML/i],
  ['a kustomization field that is not rendered', 'resources: [deployment.yaml]\nhelmCharts: []\n', /helmCharts/],
  ['a file that is not there', 'resources: [nothing.yaml]\n', /nothing\.yaml/],
])('%s is a ComparisonError, sync Unknown, and what runs stays', async (_what, content, message) => {
  const good = overlay({ serverId: 'b', image, digest });
  repository.push({ 'servers/b/kustomization.yaml': content });
  await refresh();

  const status = await eventually(async () => {
    const found = await statusOf('mcp-b');
    return message.test(found?.conditions?.[0]?.message ?? '') && found;
  });
  const deployment = await apps.readNamespacedDeployment({ namespace: 'mcp-servers', name: 'mcp-b' });
  const repaired = repository.push(good);
  await refresh();
  const after = await healthyAt('mcp-b', repaired);

  expect(status.conditions[0].type).toBe('ComparisonError');
  expect(status.sync).toMatchObject({ status: 'Unknown', revision: '' });
  expect(deployment.spec?.replicas).toBe(1);
  expect(after.conditions).toBeUndefined();
});

test('A change in the cluster is healed', async () => {
  const body = { spec: { template: { spec: { terminationGracePeriodSeconds: 77 } } } };
  await apps.patchNamespacedDeployment({ namespace: 'mcp-servers', name: 'mcp-b', body }, merge);

  await eventually(async () => {
    const found = await apps.readNamespacedDeployment({ namespace: 'mcp-servers', name: 'mcp-b' });
    return found.spec?.template.spec?.terminationGracePeriodSeconds === 5;
  });
});

test('What the project or the cluster does not take fails the sync after its retries, with the reason', async () => {
  const manifest = (namespace: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: outside, namespace: ${namespace} }\n`;
  repository.push({
    'servers/c/outside.yaml': manifest('kube-system'),
    'servers/c/unknown.yaml': 'apiVersion: a/v1\nkind: B\nmetadata: { name: c }\n',
  });
  await refresh();

  const status = await eventually(async () => {
    const found = await statusOf('mcp-c');
    return found?.operationState?.phase === 'Failed' && found?.conditions && found;
  });
  const retried = status.operationState.retryCount;

  expect(status.operationState.message).toContain("namespace kube-system is not permitted in project 'mcp-servers'");
  expect(status.operationState.message).toContain('could not find a/B');
  expect(retried).toBe(2);
  expect(status.conditions[0].type).toBe('SyncError');
  expect(status.health.status).toBe('Missing');
  repository.push({ 'servers/c': undefined });
  await refresh();
  await eventually(() =>
    statusOf('mcp-c').then(
      () => false,
      (error) => error.code === 404,
    ),
  );
});

test('An unreachable repository removes nothing', async () => {
  const { spec } = await custom.getNamespacedCustomObject({ ...sets, name: 'mcp-servers' });
  const broken = structuredClone(spec);
  broken.generators[0].git.repoURL = 'file:///nowhere/at/all.git';
  await custom.patchNamespacedCustomObject({ ...sets, name: 'mcp-servers', body: { spec: broken } }, merge);

  const set = await eventually(async () => {
    const found = await custom.getNamespacedCustomObject({ ...sets, name: 'mcp-servers' });
    return (
      found.status.conditions.some(
        (each: { status: string; type: string }) => each.type === 'ErrorOccurred' && each.status === 'True',
      ) && found
    );
  });
  const { items } = await custom.listNamespacedCustomObject(applications);
  await custom.patchNamespacedCustomObject({ ...sets, name: 'mcp-servers', body: { spec } }, merge);

  expect(set.status.conditions[0].message).toMatch(/nowhere/);
  expect(items.map((each: { metadata: { name: string } }) => each.metadata.name)).toEqual(['mcp-a', 'mcp-b']);
});

test('A template of the older form, as in the design document, works', async () => {
  const [project] = argoObjects(repository.url);
  const set = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name: 'older', namespace: 'argocd' },
    spec: {
      generators: [{ git: { repoURL: repository.url, revision: 'HEAD', directories: [{ path: 'servers/*' }] } }],
      template: {
        metadata: { name: 'older-{{path.basename}}' },
        spec: {
          project: 'mcp-servers',
          source: { repoURL: repository.url, targetRevision: 'HEAD', path: '{{path}}' },
          destination: { server: 'https://kubernetes.default.svc', namespace: 'mcp-servers' },
        },
      },
    },
  };
  await cluster.sandbox.apply([project as object, set]);

  const application = await eventually(() => custom.getNamespacedCustomObject({ ...applications, name: 'older-a' }));

  expect(application.spec.source.path).toBe('servers/a');
  await custom.deleteNamespacedCustomObject({ ...sets, name: 'older' });
});

test('A Degraded Deployment degrades its Application; the commit that mends it heals it', async () => {
  const dead = `sha256:${'0'.repeat(64)}`;
  repository.push(overlay({ serverId: 'b', image, digest: dead, deadlineSeconds: 1 }));
  await refresh();
  const degraded = await eventually(async () => {
    const found = await statusOf('mcp-b');
    return found?.health.status === 'Degraded' && found;
  });
  const mended = repository.push(overlay({ serverId: 'b', image, digest, deadlineSeconds: 1 }));
  await refresh();
  await healthyAt('mcp-b', mended);

  expect(degraded.health.message).toBe('Deployment "mcp-b" exceeded its progress deadline');
  expect(degraded.summary.images).toEqual([`${image}@${digest}`, `${image}@${dead}`].sort());
  expect(degraded.sync.status).toBe('Synced');
});

test('A symbolic link in a server directory is refused', async () => {
  repository.link('servers/link/deployment.yaml', '/etc/passwd');
  await refresh();

  const status = await eventually(async () => {
    const found = await statusOf('mcp-link');
    return found?.conditions && found;
  });

  expect(status.conditions[0].message).toContain('symbolic link');
});
