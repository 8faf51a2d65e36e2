import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { createKubernetes, type Kubernetes } from '../../../src/adapters/kubernetes/create-kubernetes.ts';
import { eventually } from '../../sandbox-kubernetes/eventually.ts';
import { pushScript, startTestCluster, type TestCluster } from '../../sandbox-kubernetes/test-cluster.ts';

const namespace = 'mcp-servers';
const log = { debug() {}, info() {}, warn() {}, error() {} };

let cluster: TestCluster;
let kubernetes: Kubernetes;
let core: CoreV1Api;

beforeAll(async () => {
  cluster = await startTestCluster();
  const { kubeconfigPath } = cluster.sandbox;
  kubernetes = createKubernetes({ kubeconfigPath, serversNamespace: namespace, argocdNamespace: 'argocd', log });
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  core = config.makeApiClient(CoreV1Api);
});
afterAll(() => cluster.close());

test('ready when the API server answers', async () => {
  await expect(kubernetes.ready()).resolves.toBe(true);
});

describe('serverSecrets', () => {
  test('makes a key once, with the hash that the wrapper checks', async () => {
    const key = await kubernetes.serverSecrets.ensureAccessKey('once-1');
    const again = await kubernetes.serverSecrets.ensureAccessKey('once-1');

    expect(key).toMatch(/^mcp_[A-Za-z0-9_-]{43}$/);
    expect(again).toBe(key);
    const secret = await core.readNamespacedSecret({ namespace, name: 'mcp-once-1-access' });
    expect(decode(secret.data?.sha256)).toBe(createHash('sha256').update(key).digest('hex'));
    expect(secret.metadata?.labels).toEqual({
      'app.kubernetes.io/managed-by': 'mcp-hosting',
      'server-id': 'once-1',
    });
  });

  test('gives racing replicas one key', async () => {
    const keys = await Promise.all(
      Array.from({ length: 10 }, () => kubernetes.serverSecrets.ensureAccessKey('race-1')),
    );

    expect(new Set(keys).size).toBe(1);
  });

  test('reads none where there is none', async () => {
    await expect(kubernetes.serverSecrets.readAccessKey('none-1')).resolves.toBeUndefined();
    await expect(kubernetes.serverSecrets.envNames('none-1')).resolves.toEqual([]);
  });

  test('says that a Secret without a key is broken', async () => {
    await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'mcp-broken-1-access' } } });

    await expect(kubernetes.serverSecrets.ensureAccessKey('broken-1')).rejects.toMatchObject({
      code: 'access-secret-broken',
    });
  });

  test('gives names of variables, never values', async () => {
    const body = { metadata: { name: 'mcp-env-1-env' }, stringData: { TOKEN: 'value', API_URL: 'value' } };
    await core.createNamespacedSecret({ namespace, body });

    await expect(kubernetes.serverSecrets.envNames('env-1')).resolves.toEqual(['API_URL', 'TOKEN']);
  });

  test('removes both Secrets, and again', async () => {
    await kubernetes.serverSecrets.ensureAccessKey('gone-1');
    await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'mcp-gone-1-env' } } });

    await kubernetes.serverSecrets.remove('gone-1');
    await kubernetes.serverSecrets.remove('gone-1');

    const { items } = await core.listNamespacedSecret({ namespace });
    expect(items.filter(({ metadata }) => metadata?.name?.includes('gone-1'))).toEqual([]);
  });

  test('says that the namespace is missing', async () => {
    const { kubeconfigPath } = cluster.sandbox;
    const elsewhere = createKubernetes({ kubeconfigPath, serversNamespace: 'absent', argocdNamespace: 'argocd', log });

    await expect(elsewhere.serverSecrets.ensureAccessKey('x-1')).rejects.toMatchObject({
      name: 'UserError',
      code: 'cluster-object-missing',
    });
  });
});

describe('workloads', () => {
  test('tells why a pod crashes, with the log of its last run', async () => {
    const digest = await pushScript(
      cluster,
      'acme/crash',
      `console.log('first'); console.log('boom'); process.exit(3);`,
    );
    await cluster.sandbox.apply([pod('mcp-crash-1-abc', 'crash-1', `acme/crash@${digest}`)]);

    const crashed = await eventually(async () => {
      const [state] = await kubernetes.workloads.pods('crash-1');
      return state?.reason === 'CrashLoopBackOff' ? state : undefined;
    });
    const previous = await kubernetes.workloads.logs('crash-1', { lines: 1, previous: true });

    expect(crashed).toMatchObject({ name: 'mcp-crash-1-abc', ready: false, phase: 'Running', lastExitCode: 3 });
    expect(crashed.image).toBe(`acme/crash@${digest}`);
    expect(previous).toEqual(['boom']);
  });

  test('tells that an image cannot be pulled, and has no log then', async () => {
    await cluster.sandbox.apply([pod('mcp-pull-1-abc', 'pull-1', `acme/absent@sha256:${'0'.repeat(64)}`)]);

    const waiting = await eventually(async () => {
      const [state] = await kubernetes.workloads.pods('pull-1');
      return state?.reason === 'ImagePullBackOff' ? state : undefined;
    });

    expect(waiting).toMatchObject({ ready: false, phase: 'Pending', restarts: 0, lastExitCode: null });
    await expect(kubernetes.workloads.logs('pull-1', { lines: 20 })).resolves.toEqual([]);
  });

  test('has nothing to tell of a server without pods', async () => {
    await expect(kubernetes.workloads.pods('none-1')).resolves.toEqual([]);
    await expect(kubernetes.workloads.logs('none-1', { lines: 20 })).resolves.toEqual([]);
  });
});

function pod(name: string, serverId: string, image: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'mcp-server', 'server-id': serverId } },
    spec: { containers: [{ name: 'mcp-server', image, ports: [{ name: 'http', containerPort: 3000 }] }] },
  };
}

function decode(data: string | undefined): string {
  return Buffer.from(data ?? '', 'base64').toString('utf8');
}
