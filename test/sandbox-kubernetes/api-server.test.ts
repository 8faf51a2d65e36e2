import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import { eventually } from './eventually.ts';
import { startTestCluster, type TestCluster } from './test-cluster.ts';

let cluster: TestCluster;
let config: KubeConfig;
let core: CoreV1Api;
const namespace = 'mcp-servers';

beforeAll(async () => {
  cluster = await startTestCluster({ bookmarkMs: 100 });
  config = new KubeConfig();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  core = config.makeApiClient(CoreV1Api);
});

afterAll(() => cluster.close());

async function watchSecrets(query: Record<string, string | number | boolean | undefined>) {
  const events: {
    type: string;
    name: string | undefined;
    object: { metadata: { resourceVersion: string }; code?: number };
  }[] = [];
  const controller = await new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/secrets`,
    query,
    (type, object) => events.push({ type, name: object.metadata?.name, object }),
    () => undefined,
  );
  return { events, end: () => controller.abort() };
}

function token(): string {
  return config.getCurrentUser()?.token ?? '';
}

test('Secrets: made from text, read as base64, replaced only from the latest version', async () => {
  const body = { metadata: { name: 'access' }, stringData: { key: 'mcp_x' } };
  const created = await core.createNamespacedSecret({ namespace, body });

  expect(created.data).toEqual({ key: Buffer.from('mcp_x').toString('base64') });
  await expect(core.createNamespacedSecret({ namespace, body })).rejects.toMatchObject({ code: 409 });
  const replacement = { ...created, data: { key: 'eA==' } };
  await core.replaceNamespacedSecret({ namespace, name: 'access', body: replacement });
  await expect(core.replaceNamespacedSecret({ namespace, name: 'access', body: replacement })).rejects.toMatchObject({
    code: 409,
  });
  await core.deleteNamespacedSecret({ namespace, name: 'access' });
  await expect(core.readNamespacedSecret({ namespace, name: 'access' })).rejects.toMatchObject({ code: 404 });
});

test('A watch by label shows objects that come into the selection and leave it, then bookmarks', async () => {
  const { metadata } = await core.listNamespacedSecret({ namespace });
  const watch = await watchSecrets({
    resourceVersion: metadata?.resourceVersion,
    labelSelector: 'watched=yes',
    allowWatchBookmarks: true,
  });
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'seen', labels: { watched: 'yes' } } } });
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'unseen' } } });
  const strategy = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  await core.patchNamespacedSecret(
    { namespace, name: 'seen', body: { metadata: { labels: { watched: null } } } },
    strategy,
  );
  await eventually(() => watch.events.some((event) => event.type === 'BOOKMARK'));
  await eventually(() => watch.events.some((event) => event.type === 'DELETED'));
  watch.end();

  const changes = watch.events.filter((event) => event.type !== 'BOOKMARK');
  expect(changes.map(({ type, name }) => `${type} ${name}`)).toEqual(['ADDED seen', 'DELETED seen']);
});

test('A watch from a version before a restart gets 410 Gone; objects and versions outlive it', async () => {
  const created = await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'kept' } } });
  const { metadata } = await core.listNamespacedSecret({ namespace });
  const before = Number(metadata?.resourceVersion);
  await cluster.restart();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  core = config.makeApiClient(CoreV1Api);

  const watch = await watchSecrets({ resourceVersion: before });
  await eventually(() => watch.events.length > 0);
  watch.end();
  const kept = await core.readNamespacedSecret({ namespace, name: 'kept' });
  const after = await core.listNamespacedSecret({ namespace });

  expect(watch.events[0]).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  expect(kept.metadata?.uid).toBe(created.metadata?.uid);
  expect(Number(after.metadata?.resourceVersion)).toBeGreaterThan(before);
});

test('Custom objects can be annotated by merge patch', async () => {
  const custom = config.makeApiClient(CustomObjectsApi);
  const project = { group: 'argoproj.io', version: 'v1alpha1', namespace: 'argocd', plural: 'appprojects' };
  const body = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'empty' }, spec: {} };
  await custom.createNamespacedCustomObject({ ...project, body });
  const patch = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
  const patched = await custom.patchNamespacedCustomObject(
    { ...project, name: 'empty', body: patch },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );

  expect(patched.metadata.annotations).toEqual({ 'argocd.argoproj.io/refresh': 'normal' });
});

test('Lists come in pages', async () => {
  for (const name of ['page-a', 'page-b', 'page-c']) {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
  }
  const first = await core.listNamespacedConfigMap({ namespace, limit: 2 });
  const rest = await core.listNamespacedConfigMap({ namespace, limit: 2, _continue: first.metadata?._continue ?? '' });

  expect(first.items.map((item) => item.metadata?.name)).toEqual(['page-a', 'page-b']);
  expect(rest.items.map((item) => item.metadata?.name)).toEqual(['page-c']);
});

test.each([
  ['no token', '/api/v1/pods', {}, 401],
  ['a wrong token', '/api/v1/pods', { authorization: 'Bearer nonsense' }, 401],
  ['an unknown resource', '/api/v1/unicorns', undefined, 404],
  ['a malformed escape', '/api/v1/namespaces/%E0%A4%A/pods', undefined, 404],
  ['a malformed selector', '/api/v1/pods?labelSelector=a%20b%20c', undefined, 400],
  ['a malformed version', '/api/v1/pods?watch=true&resourceVersion=x', undefined, 400],
])('A request with %s gets a Status', async (_what, path, headers, code) => {
  const response = await fetch(`${cluster.sandbox.url}${path}`, {
    headers: headers ?? { authorization: `Bearer ${token()}` },
  });

  expect(response.status).toBe(code);
  expect(await response.json()).toMatchObject({ kind: 'Status', status: 'Failure', code });
});

test.each([
  ['no JSON', '{"kind":', 400],
  ['another kind', '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}', 400],
  ['a list for metadata', '{"apiVersion":"v1","kind":"ConfigMap","metadata":[]}', 400],
  ['a path for a name', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"../../etc"}}', 422],
  ['an endless name', `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${'a'.repeat(300)}"}}`, 422],
  ['another namespace', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"argocd"}}', 400],
  ['more than the limit', `{"data":"${'a'.repeat(4 * 1024 * 1024)}"}`, 413],
])('A body with %s is refused', async (_what, body, code) => {
  const response = await fetch(`${cluster.sandbox.url}/api/v1/namespaces/${namespace}/configmaps`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
    body,
  });

  expect(response.status).toBe(code);
  expect(await response.json()).toMatchObject({ kind: 'Status', code });
});

test('A second sandbox on the same directory is turned away', async () => {
  const { startKubernetes } = await import('../../sandbox/kubernetes/kubernetes-server.ts');
  const options = { port: 0, gatewayPort: 0, dataDir: `${cluster.dir}/kubernetes`, runtime: cluster.runtime };

  await expect(startKubernetes({ ...options, log: () => undefined })).rejects.toThrow('expected it to be free');
});
