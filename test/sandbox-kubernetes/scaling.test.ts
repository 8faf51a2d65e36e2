import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { OverlayInput } from '../../src/domain/overlay-input.ts';
import { renderOverlay } from '../../src/domain/render-overlay.ts';
import { setScale } from '../../src/domain/set-scale.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from '../unit/domain/overlay-cases.ts';
import { eventually } from './eventually.ts';
import { gatewayRequest } from './gateway-request.ts';
import { pushServerImage, startTestCluster, type TestCluster } from './test-cluster.ts';
import { createTestRepository, type TestRepository } from './test-repository.ts';

let cluster: TestCluster;
let repository: TestRepository;

beforeAll(async () => {
  cluster = await startTestCluster();
  repository = createTestRepository(cluster.dir);
  repository.push({ 'README.md': 'servers' });
  const scaffold = ['app-project', 'applicationset'].flatMap((name) => {
    const text = readFileSync(new URL(`../../kustomize/argocd/${name}.yaml`, import.meta.url), 'utf8');
    return parseAllDocuments(text.replaceAll('__REPOSITORY_URL__', repository.url)).map((document) => document.toJS());
  });
  await cluster.sandbox.apply(scaffold);
});

afterAll(() => cluster.close());

function clientOf<T>(api: new (...args: never[]) => T): T {
  const config = new KubeConfig();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  return config.makeApiClient(api as never) as T;
}

async function deploy(name: string, serverId: string): Promise<OverlayInput> {
  const base = OVERLAY_CASES[name] ?? MINIMAL_OVERLAY;
  const image = `ghcr.io/acme/mcp-servers/${serverId}`;
  const digest = await pushServerImage(cluster, image, serverId);
  const host = `${serverId}.localhost`;
  return { ...base, serverId, image, digest, host, config: { ...base.config, access: 'public' } };
}

function push(serverId: string, files: Readonly<Record<string, string>>): void {
  repository.push(
    Object.fromEntries(Object.entries(files).map(([file, text]) => [`servers/${serverId}/${file}`, text])),
  );
}

function settled(serverId: string, health = 'Healthy'): Promise<unknown> {
  const applications = { group: 'argoproj.io', version: 'v1alpha1', namespace: 'argocd', plural: 'applications' };
  return eventually(async () => {
    const found = await clientOf(CustomObjectsApi)
      .getNamespacedCustomObject({ ...applications, name: `mcp-${serverId}` })
      .catch(() => undefined);
    return found?.status?.sync.status === 'Synced' && found.status.health?.status === health;
  });
}

function answers(serverId: string): Promise<unknown> {
  return eventually(async () => {
    const answer = await gatewayRequest(cluster, `${serverId}.localhost`, '/version');
    return answer.status === 200 && answer.body === serverId;
  });
}

function podsAre(serverId: string, count: number): Promise<unknown> {
  return eventually(async () => {
    const labelSelector = `server-id=${serverId}`;
    const { items } = await clientOf(CoreV1Api).listNamespacedPod({ namespace: 'mcp-servers', labelSelector });
    return items.length === count;
  });
}

test.each([
  ['autoscaling-cpu', 'auto-k3v9x2'],
  ['autoscaling', 'hpa-k3v9x2'],
  ['scale-to-zero', 'zero-k3v9x2'],
  ['scale-to-zero-ingress', 'wake-k3v9x2'],
])('the overlay "%s" is synced, serves, stops and starts', async (name, serverId) => {
  const input = await deploy(name, serverId);
  const running = renderOverlay(input);
  push(serverId, running);
  await settled(serverId);
  await answers(serverId);

  push(serverId, setScale(running, serverId, 0));
  await podsAre(serverId, 0);
  await settled(serverId, name.startsWith('scale-to-zero') ? 'Suspended' : 'Healthy');

  push(serverId, running);
  await answers(serverId);
  await settled(serverId);
});

test('Argo CD leaves a count alone that something else than git has set', async () => {
  const serverId = 'scaled-k3v9x2';
  const running = renderOverlay(await deploy('autoscaling-cpu', serverId));
  push(serverId, running);
  await answers(serverId);
  const apps = clientOf(AppsV1Api);
  const of = { name: `mcp-${serverId}`, namespace: 'mcp-servers' };

  await apps.patchNamespacedDeployment(
    { ...of, body: { spec: { replicas: 2 } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  push(serverId, { ...running, 'notes.txt': 'another commit' });
  await podsAre(serverId, 2);
  await settled(serverId);

  expect((await apps.readNamespacedDeployment(of)).spec?.replicas).toBe(2);
});
