import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { createKubernetes, type Kubernetes } from '../../../src/adapters/kubernetes/create-kubernetes.ts';
import { parseKeyList } from '../../../wrapper/src/door/key-list.ts';
import { eventually } from '../../sandbox-kubernetes/eventually.ts';
import { pushScript, startTestCluster, type TestCluster } from '../../sandbox-kubernetes/test-cluster.ts';
import { deploymentOf } from '../../sandbox-kubernetes/workload.ts';

const namespace = 'mcp-servers';
const log = { debug() {}, info() {}, warn() {}, error() {} };

let cluster: TestCluster;
let kubernetes: Kubernetes;
let core: CoreV1Api;
let config: KubeConfig;

beforeAll(async () => {
  cluster = await startTestCluster();
  const { kubeconfigPath } = cluster.sandbox;
  kubernetes = createKubernetes({ kubeconfigPath, serversNamespace: namespace, argocdNamespace: 'argocd', log });
  config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  core = config.makeApiClient(CoreV1Api);
});
afterAll(() => cluster.close());

test('ready when the API server answers', async () => {
  await expect(kubernetes.ready()).resolves.toBe(true);
});

async function readSecret(name: string): Promise<Record<string, string>> {
  const { data = {} } = await core.readNamespacedSecret({ namespace, name });
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]));
}

describe('serverSecrets', () => {
  const secrets = () => kubernetes.serverSecrets;

  test('writes values beside those that are there, and tells which were others before', async () => {
    const body = { metadata: { name: 'mcp-set-1-env' }, stringData: { OLD: 'by kubectl' } };
    await core.createNamespacedSecret({ namespace, body });

    const first = await secrets().set(
      'set-1',
      new Map([
        ['TOKEN', 'a\n"b"\u00e9'],
        ['URL', 'x'],
      ]),
    );
    const same = await secrets().set('set-1', new Map([['TOKEN', 'a\n"b"\u00e9']]));
    const { resourceVersion } = (await core.readNamespacedSecret({ namespace, name: 'mcp-set-1-env' })).metadata ?? {};
    const again = await secrets().set(
      'set-1',
      new Map([
        ['TOKEN', 'c'],
        ['URL', 'x'],
      ]),
    );

    expect([first, same, again]).toEqual([['TOKEN', 'URL'], [], ['TOKEN']]);
    expect(await readSecret('mcp-set-1-env')).toEqual({ OLD: 'by kubectl', TOKEN: 'c', URL: 'x' });
    await expect(secrets().names('set-1')).resolves.toEqual(['OLD', 'TOKEN', 'URL']);
    const after = await core.readNamespacedSecret({ namespace, name: 'mcp-set-1-env' });
    expect(after.metadata?.labels).toEqual({ 'app.kubernetes.io/managed-by': 'mcp-hosting', 'server-id': 'set-1' });
    expect(after.metadata?.resourceVersion).not.toBe(resourceVersion);
  });

  test('loses no value of writers at the same time, the first ones of a Secret included', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `NAME_${index}`);

    await Promise.all(names.map((name) => secrets().set('race-1', new Map([[name, name.toLowerCase()]]))));

    expect(await readSecret('mcp-race-1-env')).toEqual(
      Object.fromEntries(names.map((name) => [name, name.toLowerCase()])),
    );
  });

  test('unsets one and leaves the others', async () => {
    await secrets().set(
      'unset-1',
      new Map([
        ['A', '1'],
        ['B', '2'],
      ]),
    );

    expect(await secrets().unset('unset-1', 'A')).toBe(true);
    expect(await secrets().unset('unset-1', 'A')).toBe(false);
    expect(await secrets().unset('unset-1', 'toString')).toBe(false);
    expect(await secrets().unset('none-1', 'A')).toBe(false);
    expect(await readSecret('mcp-unset-1-env')).toEqual({ B: '2' });
  });

  test('refuses more than a Secret can hold, and changes nothing then', async () => {
    const large = 'x'.repeat(100 * 1024);
    const values = (from: number, count: number) =>
      new Map(Array.from({ length: count }, (_, index) => [`V_${from + index}`, large]));
    await secrets().set('large-1', values(0, 10));

    await expect(secrets().set('large-1', values(10, 1))).rejects.toMatchObject({ code: 'secrets-too-large' });

    await expect(secrets().names('large-1')).resolves.toHaveLength(10);
    // In the place of another value there is room.
    await expect(secrets().set('large-1', new Map([['V_0', 'y'.repeat(100 * 1024)]]))).resolves.toEqual(['V_0']);
  });

  test('has none where there is no Secret, and removes one twice', async () => {
    await secrets().set('gone-1', new Map([['A', '1']]));

    await secrets().remove('gone-1');
    await secrets().remove('gone-1');

    await expect(secrets().names('gone-1')).resolves.toEqual([]);
  });

  test('says that the namespace is missing', async () => {
    const { kubeconfigPath } = cluster.sandbox;
    const elsewhere = createKubernetes({ kubeconfigPath, serversNamespace: 'absent', argocdNamespace: 'argocd', log });

    await expect(elsewhere.serverSecrets.set('x-1', new Map([['A', '1']]))).rejects.toMatchObject({
      name: 'UserError',
      code: 'cluster-object-missing',
    });
  });
});

describe('accessKeyFiles', () => {
  const files = () => kubernetes.accessKeyFiles;
  const forever = { expiresAt: null };

  test('keeps the SHA-256 of keys in a file as the wrapper reads it, and nothing of the keys', async () => {
    await files().ensureProbeKey('keys-1', 'mcp_probe');
    await files().add('keys-1', 'mcp_a', { id: 'a1', name: "Kim's laptop", ...forever });
    await files().add('keys-1', 'mcp_b', { id: 'b2', name: 'expires=never', expiresAt: new Date('2999-01-01') });

    const { keys = '' } = await readSecret('mcp-keys-1-access');
    expect(parseKeyList(keys)).toEqual({
      ok: true,
      keys: [
        { sha256: sha256('mcp_probe'), id: 'mcp-hosting', name: 'mcp-hosting' },
        { sha256: sha256('mcp_a'), id: 'a1', name: "Kim's laptop" },
        { sha256: sha256('mcp_b'), id: 'b2', name: 'expires=never', expiresAtMs: Date.UTC(2999, 0, 1) },
      ],
    });
    expect(keys).not.toContain('mcp_');
    await expect(files().ids('keys-1')).resolves.toEqual(['a1', 'b2']);
  });

  test('takes one key away, and writes an empty file for the last', async () => {
    await files().add('revoke-1', 'mcp_a', { id: 'a1', name: 'a', ...forever });
    await files().add('revoke-1', 'mcp_b', { id: 'b2', name: 'b', ...forever });

    const outcomes = [await files().remove('revoke-1', 'a1'), await files().remove('revoke-1', 'a1')];
    const left = await files().ids('revoke-1');
    await files().remove('revoke-1', 'b2');

    expect(outcomes).toEqual([true, false]);
    expect(left).toEqual(['b2']);
    expect(await readSecret('mcp-revoke-1-access')).toEqual({ keys: '' });
    expect(await files().remove('none-1', 'a1')).toBe(false);
  });

  test('loses no key of writers at the same time', async () => {
    const ids = Array.from({ length: 15 }, (_, index) => `id${index}`);

    await Promise.all(ids.map((id) => files().add('race-1', `mcp_${id}`, { id, name: id, ...forever })));

    expect((await files().ids('race-1')).sort()).toEqual(ids.toSorted());
  });

  test('renews the key of the bot in its place, and drops what has expired when a key comes', async () => {
    const written = [await files().ensureProbeKey('probe-1', 'mcp_old')];
    await files().add('probe-1', 'mcp_a', { id: 'a1', name: 'a', expiresAt: new Date('2020-01-01') });
    written.push(await files().ensureProbeKey('probe-1', 'mcp_new'));
    const { keys } = await readSecret('mcp-probe-1-access');
    const { resourceVersion } =
      (await core.readNamespacedSecret({ namespace, name: 'mcp-probe-1-access' })).metadata ?? {};
    written.push(await files().ensureProbeKey('probe-1', 'mcp_new'));

    expect(written).toEqual([true, true, false]);
    expect(keys).toBe(`${sha256('mcp_new')} id=mcp-hosting expires=never mcp-hosting\n`);
    const after = await core.readNamespacedSecret({ namespace, name: 'mcp-probe-1-access' });
    expect(after.metadata?.resourceVersion).toBe(resourceVersion);
  });

  test('refuses more keys than anybody needs', async () => {
    const lines = Array.from({ length: 200 }, (_, index) => `${sha256(`mcp_${index}`)} id=k${index} expires=never k\n`);
    await core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: 'mcp-many-1-access' }, stringData: { keys: lines.join('') } },
    });

    await expect(files().add('many-1', 'mcp_x', { id: 'x', name: 'x', ...forever })).rejects.toMatchObject({
      code: 'access-keys-too-many',
    });
  });
});

describe('workloads', () => {
  test('renews the files of every pod of a server by an annotation, and leaves other servers alone', async () => {
    const image = `acme/idle@${await pushScript(cluster, 'acme/idle', 'setInterval(() => {}, 1000);')}`;
    await cluster.sandbox.apply([
      pod('mcp-files-1-a', 'files-1', image),
      pod('mcp-files-1-b', 'files-1', image),
      pod('mcp-files-2-a', 'files-2', image),
    ]);

    await kubernetes.workloads.renewFiles('files-1', new Date('2026-11-22T10:00:00.123Z'));
    await kubernetes.workloads.renewFiles('none-1', new Date());

    const names = ['mcp-files-1-a', 'mcp-files-1-b', 'mcp-files-2-a'];
    const pods = await Promise.all(names.map((name) => core.readNamespacedPod({ namespace, name })));
    expect(pods.map(({ metadata }) => metadata?.annotations?.['mcp-hosting.dev/files-renewed-at'])).toEqual([
      '2026-11-22T10:00:00.123Z',
      '2026-11-22T10:00:00.123Z',
      undefined,
    ]);
  });

  test('restarts a Deployment by an annotation, and leaves one at zero and an absent one alone', async () => {
    const digest = await pushScript(cluster, 'acme/idle', 'setInterval(() => {}, 1000);');
    const image = `acme/idle@${digest}`;
    await cluster.sandbox.apply([
      deploymentOf({ name: 'mcp-run-1', image }),
      deploymentOf({ name: 'mcp-stop-1', image, replicas: 0 }),
    ]);
    const podsOf = async () => {
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=mcp-run-1' });
      return items.filter(({ metadata }) => !metadata?.deletionTimestamp).map(({ metadata }) => metadata?.name);
    };
    const [before] = await eventually(async () => (await podsOf()).length === 1 && podsOf());

    const outcomes = await Promise.all(
      ['run-1', 'stop-1', 'none-1'].map((serverId) =>
        kubernetes.workloads.restart(serverId, new Date('2026-11-22T10:00:00.123Z')),
      ),
    );
    const [after] = await eventually(async () => {
      const names = await podsOf();
      return names.length === 1 && names[0] !== before && names;
    });

    expect(outcomes).toEqual([true, false, false]);
    expect(after).not.toBe(before);
    const apps = config.makeApiClient(AppsV1Api);
    const { spec } = await apps.readNamespacedDeployment({ namespace, name: 'mcp-run-1' });
    expect(spec?.template.metadata?.annotations).toEqual({
      'kubectl.kubernetes.io/restartedAt': '2026-11-22T10:00:00.123Z',
    });
    const stopped = await apps.readNamespacedDeployment({ namespace, name: 'mcp-stop-1' });
    expect(stopped.spec?.template.metadata?.annotations).toBeUndefined();
  });

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

  test('tells a log without the values of the variables, in whatever form the server wrote them', async () => {
    const values = { TOKEN: 'canary "one"/é', FILE: 'first-canary\nsecond-canary', LEVEL: 'boom' };
    const script = `
      const { TOKEN, FILE } = ${JSON.stringify(values)};
      console.log('bad token ' + TOKEN);
      console.log(JSON.stringify({ TOKEN, FILE }));
      console.log('https://x/?t=' + encodeURIComponent(TOKEN) + '&f=' + Buffer.from(FILE).toString('base64'));
      console.log(FILE);
      console.log('x'.repeat(990) + TOKEN);
      console.log('boom');
      process.exit(3);`;
    const digest = await pushScript(cluster, 'acme/leak', script);
    await kubernetes.serverSecrets.set('leak-1', new Map(Object.entries(values)));
    await cluster.sandbox.apply([pod('mcp-leak-1-abc', 'leak-1', `acme/leak@${digest}`)]);

    const log = await eventually(async () => {
      const lines = await kubernetes.workloads.logs('leak-1', { lines: 20, previous: true });
      return lines.includes('boom') ? lines : undefined;
    });

    expect(log.slice(0, 5)).toEqual([
      'bad token [redacted]',
      '{"TOKEN":"[redacted]","FILE":"[redacted]"}',
      'https://x/?t=[redacted]&f=[redacted]',
      '[redacted]',
      '[redacted]',
    ]);
    expect(log.join()).not.toContain('canary');
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

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
