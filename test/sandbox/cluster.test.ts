import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connectCluster } from '../../sandbox/cluster/connect-cluster.ts';
import { findAdvertisedAddress } from '../../sandbox/cluster/find-advertised-address.ts';
import { findClusterRegistry } from '../../sandbox/cluster/find-cluster-registry.ts';
import { openGitDoorway } from '../../sandbox/cluster/git-doorway.ts';
import { requireClusterParts } from '../../sandbox/cluster/require-cluster-parts.ts';
import { createDirectoryPlatform } from '../../sandbox/container-platform.ts';
import type { EngineClient } from '../../sandbox/docker/engine-client.ts';
import { mirrorReference } from '../../sandbox/docker/mirror-reference.ts';
import { type KubernetesSandbox, startKubernetes } from '../../sandbox/kubernetes/kubernetes-server.ts';
import { parseSettings } from '../../sandbox/settings.ts';

let dir: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cluster-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(dir, { recursive: true, force: true });
});

async function startCluster(): Promise<KubernetesSandbox> {
  const { runtime } = createDirectoryPlatform(dir);
  const dataDir = join(dir, 'kubernetes');
  const cluster = await startKubernetes({ port: 0, gatewayPort: 0, dataDir, runtime, log: () => undefined });
  closers.push(cluster.close);
  return cluster;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

describe('the cluster of a kubeconfig', () => {
  test('is connected to, and its chosen context written for the bot', async () => {
    const { kubeconfigPath } = await startCluster();

    const cluster = await connectCluster({ kubeconfig: kubeconfigPath }, dir);

    expect(cluster.kubeconfigPath).toBe(join(dir, 'kubeconfig'));
    await expect(requireClusterParts(cluster, 'argocd')).resolves.toBeUndefined();
    await expect(requireClusterParts(cluster, 'elsewhere')).rejects.toMatchObject({
      code: 'cluster-incomplete',
      hint: expect.stringContaining('ARGOCD_NAMESPACE'),
    });
  });

  test('that cannot be used says why and what to do', async () => {
    const { kubeconfigPath } = await startCluster();
    const dead = join(dir, 'dead');
    writeFileSync(
      dead,
      JSON.stringify({
        'current-context': 'a',
        clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
        contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
        users: [{ name: 'a', user: {} }],
      }),
    );

    await expect(connectCluster({ kubeconfig: join(dir, 'none') }, dir)).rejects.toMatchObject({
      code: 'cluster-kubeconfig',
    });
    await expect(connectCluster({ kubeconfig: kubeconfigPath, context: 'b' }, dir)).rejects.toMatchObject({
      code: 'cluster-kubeconfig',
      message: expect.stringContaining('no context "b", only mcp-hosting-sandbox'),
    });
    await expect(connectCluster({ kubeconfig: dead }, dir)).rejects.toMatchObject({ code: 'cluster-unreachable' });
  });

  test('announces its registry, which must answer', async () => {
    const kubernetes = await startCluster();
    const cluster = await connectCluster({ kubeconfig: kubernetes.kubeconfigPath }, dir);
    const port = await listen(createServer((_request, response) => response.end('{}')));
    await expect(findClusterRegistry(cluster, undefined)).rejects.toMatchObject({ code: 'cluster-registry' });
    const metadata = { namespace: 'kube-public', name: 'local-registry-hosting' };
    await kubernetes.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-public' } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { 'localRegistryHosting.v1': `host: "localhost:${port}"\n` },
      },
    ]);

    expect(await findClusterRegistry(cluster, undefined)).toBe(`localhost:${port}`);
    expect(await findClusterRegistry(cluster, `127.0.0.1:${port}`)).toBe(`127.0.0.1:${port}`);
    await expect(findClusterRegistry(cluster, '127.0.0.1:1')).rejects.toMatchObject({
      code: 'cluster-registry',
      message: expect.stringContaining('does not answer'),
    });
    await expect(findClusterRegistry(cluster, 'http://x')).rejects.toMatchObject({ code: 'cluster-registry' });
  });
});

describe('the address that pods are told', () => {
  const engine = (networks: Record<string, object>) =>
    ({
      request: async (_method: string, path: string) => {
        const body = networks[path];
        return { status: body ? 200 : 404, body };
      },
    }) as unknown as EngineClient;

  test('is the one towards an API server elsewhere', async () => {
    const found = await findAdvertisedAddress({
      server: 'https://192.0.2.1:6443',
      engine: engine({}),
      asked: undefined,
    }).catch((error: { code: string }) => error);
    // A machine without a route has none.
    expect(found).toMatchObject(
      'code' in found ? { code: 'cluster-advertise' } : { host: expect.stringMatching(/^\d/) },
    );
  });

  test('is never loopback', async () => {
    const server = 'https://127.0.0.1:6443';
    const kind = { '/networks/kind': { IPAM: { Config: [{ Gateway: '127.0.0.1' }] } } };
    await expect(findAdvertisedAddress({ server, engine: engine({}), asked: 'localhost' })).rejects.toMatchObject({
      code: 'cluster-advertise',
    });
    await expect(findAdvertisedAddress({ server, engine: engine({}), asked: undefined })).rejects.toMatchObject({
      code: 'cluster-advertise',
    });
    await expect(findAdvertisedAddress({ server, engine: engine(kind), asked: undefined })).rejects.toMatchObject({
      code: 'cluster-advertise',
    });
  });
});

test('the doorway lets git read and nothing else, and passes no credentials on', async () => {
  const seen: { url: string | undefined; authorization: string | undefined }[] = [];
  const upstream = await listen(
    createServer(({ url, headers }, response) => {
      seen.push({ url, authorization: headers.authorization });
      response.end('refs');
    }),
  );
  const gitUrl = `http://127.0.0.1:${upstream}`;
  const doorway = await openGitDoorway({ address: '127.0.0.1', host: 'laptop.example', port: 0, gitUrl });
  closers.push(doorway.close);
  const { port } = new URL(doorway.url);
  const status = (method: string, path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path, headers: { authorization: 'Bearer secret' } };
      request(options, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });

  expect(doorway.url).toMatch(/^http:\/\/laptop\.example:/);
  expect(await status('GET', '/acme/servers.git/info/refs?service=git-upload-pack')).toBe(200);
  expect(await status('POST', '/acme/servers.git/git-upload-pack')).toBe(200);
  for (const path of [
    '/acme/servers.git/info/refs?service=git-receive-pack',
    '/acme/servers.git/git-receive-pack',
    '/repos/acme/servers',
    '/acme/../_sandbox/users/x.git/git-upload-pack',
    '/graphql',
  ]) {
    expect(await status('POST', path)).toBe(404);
  }
  expect(seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
});

test('an image that is named after the registry is there under its own path', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(mirrorReference(`localhost:5001/acme/x@${digest}`, 'localhost:5001')).toEqual({
    repository: 'acme/x',
    version: digest,
    reference: `localhost:5001/acme/x@${digest}`,
  });
});

test.each([
  [['--kubeconfig', ''], 'expected a file'],
  [['--registry', 'localhost:5001'], '--registry goes with --kubeconfig'],
  [['--advertise', 'x'], '--advertise goes with --kubeconfig'],
  [['--kubeconfig', 'k', '--only', 'github'], '--only'],
  [['--kubeconfig', 'k', '--engine', 'none'], '--engine none'],
])('%j is refused', (args, named) => {
  expect(parseSettings(args, '/')).toEqual({ kind: 'problem', message: expect.stringContaining(named) });
});

test('a cluster has a data directory of its own', () => {
  expect(parseSettings(['--kubeconfig', 'k', '--context', 'c'], '/w')).toMatchObject({
    kind: 'run',
    settings: { dataDir: '/w/.mcp-hosting-cluster', cluster: { kubeconfig: '/w/k', context: 'c' } },
  });
});
