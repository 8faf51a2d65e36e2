import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { Access } from '../../../sandbox/kubernetes/api/access.ts';
import { createClusterInspection } from '../../../src/adapters/kubernetes/cluster-inspection.ts';
import { createKubernetes } from '../../../src/adapters/kubernetes/create-kubernetes.ts';
import { NEEDED_RIGHTS } from '../../../src/adapters/kubernetes/needed-rights.ts';
import { eventually } from '../../sandbox-kubernetes/eventually.ts';
import { serviceAccountKubeconfig } from '../../sandbox-kubernetes/service-account.ts';
import { startTestCluster, type TestCluster } from '../../sandbox-kubernetes/test-cluster.ts';
import { readProjectFile } from '../../unit/docs/project-files.ts';
import { silentLog } from '../postgres/silent-log.ts';

/** The adapter as the service account of `kustomize/platform/`, at an API server that knows its Roles. */
const ACCOUNT = 'mcp-hosting/mcp-hosting';
let cluster: TestCluster;
const asked: Access[] = [];

beforeAll(async () => {
  cluster = await startTestCluster({
    onAccess: (caller, access) => {
      if (caller.kind === 'service-account') asked.push(access);
    },
  });
  for (const path of [
    'platform/namespace',
    'platform/service-account',
    'platform/rbac',
    'argocd/app-project',
    'argocd/applicationset',
  ]) {
    const text = readProjectFile(`kustomize/${path}.yaml`).replaceAll(
      '__REPOSITORY_URL__',
      'https://git.invalid/acme/x.git',
    );
    await cluster.sandbox.apply(parseAllDocuments(text).map((each) => each.toJS()));
  }
});
afterAll(() => cluster.close());

const NEEDED = NEEDED_RIGHTS.flatMap(({ in: place, group, resource, verbs }) =>
  verbs.map((verb) => `${place}: ${verb} ${group}/${resource}`),
);

test('everything that the adapter does is granted to it, and all that Argo CD is asked for is done', async () => {
  const kubeconfigPath = await serviceAccountKubeconfig(cluster, ACCOUNT);
  const options = { serversNamespace: 'mcp-servers', argocdNamespace: 'argocd', log: silentLog };
  const kubernetes = createKubernetes({ kubeconfigPath, ...options });
  const watching = new AbortController();

  const ready = await kubernetes.ready();
  await kubernetes.applications.list();
  await kubernetes.applications.read('hello-q7m2d4');
  await kubernetes.applications.refresh('hello-q7m2d4');
  kubernetes.applications.watch({ signal: watching.signal, relistMs: 60_000, onChange: () => {}, onGone: () => {} });
  await kubernetes.workloads.pods('hello-q7m2d4');
  await kubernetes.workloads.logs('hello-q7m2d4', { lines: 5 });
  await kubernetes.workloads.renewFiles('hello-q7m2d4', new Date());
  await kubernetes.workloads.restart('hello-q7m2d4', new Date());
  await kubernetes.accessKeyFiles.ensureProbeKey('hello-q7m2d4', 'mcp_probe');
  await kubernetes.accessKeyFiles.ensureProbeKey('hello-q7m2d4', 'mcp_renewed');
  await kubernetes.accessKeyFiles.removeAll('hello-q7m2d4');
  await kubernetes.serverSecrets.set('hello-q7m2d4', new Map([['TOKEN', 'x']]));
  await kubernetes.serverSecrets.unset('hello-q7m2d4', 'TOKEN');
  await kubernetes.serverSecrets.remove('hello-q7m2d4');
  await createClusterInspection(kubeconfigPath).argoCd('argocd');
  await eventually(async () => asked.some(({ verb }) => verb === 'watch'));
  watching.abort();

  expect(ready).toBe(true);
  const used = new Set(
    asked.map(
      ({ namespace, verb, group, resource }) =>
        `${namespace === 'argocd' ? 'argocd' : 'servers'}: ${verb} ${group}/${resource}`,
    ),
  );
  expect([...used].filter((right) => !NEEDED.includes(right))).toEqual([]);
  const ofArgoCd = NEEDED.filter((right) => right.startsWith('argocd:'));
  expect(ofArgoCd.filter((right) => !used.has(right))).toEqual([]);
});

test('without its Role it may do nothing, and is told which right it lacks', async () => {
  await cluster.sandbox.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stranger', namespace: 'mcp-hosting' } },
  ]);
  const kubeconfigPath = await serviceAccountKubeconfig(cluster, 'mcp-hosting/stranger');
  const { workloads } = createKubernetes({
    kubeconfigPath,
    serversNamespace: 'mcp-servers',
    argocdNamespace: 'argocd',
    log: silentLog,
  });

  await expect(workloads.pods('hello-q7m2d4')).rejects.toMatchObject({
    code: 'cluster-forbidden',
    message: expect.stringContaining('cannot list resource "pods" in API group "" in the namespace "mcp-servers"'),
  });
});

/** Kubernetes' client names its methods by verb and kind. */
const KINDS: Record<string, string> = {
  Pod: '/pods',
  PodLog: '/pods/log',
  Secret: '/secrets',
  Deployment: 'apps/deployments',
};
const VERBS: Record<string, string> = {
  read: 'get',
  list: 'list',
  create: 'create',
  patch: 'patch',
  delete: 'delete',
  replace: 'update',
};

test('the rights in the namespace of the servers are those of the calls in the source, no more and no less', () => {
  const directory = new URL('../../../src/adapters/kubernetes/', import.meta.url);
  const source = readdirSync(directory)
    .map((name) => readFileSync(new URL(name, directory), 'utf8'))
    .join('\n');
  const calls = [...source.matchAll(/\.(?:core|apps)\.([a-z]+)Namespaced([A-Za-z]+)\(/g)];

  const used = new Set(
    calls.map(([, verb = '', kind = '']) => `servers: ${VERBS[verb] ?? verb} ${KINDS[kind] ?? kind}`),
  );
  expect([...used].sort()).toEqual(NEEDED.filter((right) => right.startsWith('servers:')).sort());
});
