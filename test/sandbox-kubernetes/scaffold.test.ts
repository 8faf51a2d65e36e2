import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { renderSource } from '../../sandbox/kubernetes/argocd/render-source.ts';
import { eventually } from './eventually.ts';
import { gatewayRequest } from './gateway-request.ts';
import { overlay } from './overlay.ts';
import { pushServerImage, startTestCluster } from './test-cluster.ts';
import { createTestRepository } from './test-repository.ts';

const scaffold = fileURLToPath(new URL('../../kustomize', import.meta.url));
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const scratch = mkdtempSync(join(tmpdir(), 'scaffold-'));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function filesOf(folder: string, values: Record<string, string> = {}): Record<string, string> {
  const names = readdirSync(join(scaffold, folder)).filter((name) => statSync(join(scaffold, folder, name)).isFile());
  return Object.fromEntries(
    names.map((name) => {
      const text = readFileSync(join(scaffold, folder, name), 'utf8');
      return [name, text.replace(/__([A-Z_]+)__/g, (whole, key: string) => values[key] ?? whole)];
    }),
  );
}

test.each(['base', 'argocd'])('%s: the sandbox renders what kubectl kustomize gives', (folder) => {
  const rendered = renderSource(filesOf(folder)).manifests;

  expect(rendered.length).toBeGreaterThan(3);
  if (!hasKubectl) return;
  const output = execFileSync('kubectl', ['kustomize', join(scaffold, folder)], { encoding: 'utf8' });
  const expected = parseAllDocuments(output).map((document) => document.toJS());
  const byName = (each: { kind: string; metadata: { name: string } }) => `${each.kind} ${each.metadata.name}`;
  expect(new Map(rendered.map((each) => [byName(each), each]))).toEqual(
    new Map(expected.map((each) => [byName(each), each])),
  );
});

test('The scaffold, pushed and applied, runs a server and keeps its own namespace in shape', async () => {
  const cluster = await startTestCluster();
  try {
    const repository = createTestRepository(cluster.dir);
    const values = { REPOSITORY_URL: repository.url, DOMAIN: 'localhost' };
    const image = 'ghcr.io/acme/mcp-servers/hello-k3v9x2';
    const digest = await pushServerImage(cluster, image, 'one');
    const base = Object.entries(filesOf('base', values)).map(([name, text]) => [`base/${name}`, text]);
    repository.push({ ...Object.fromEntries(base), ...overlay({ serverId: 'hello-k3v9x2', image, digest }) });

    const documents = Object.values(filesOf('argocd', values)).flatMap((text) => parseAllDocuments(text));
    const objects = documents.map((document) => document.toJS()).filter((each) => each.kind !== 'Kustomization');
    await cluster.sandbox.apply(objects);

    const body = await eventually(async () => {
      const answer = await gatewayRequest(cluster, 'hello-k3v9x2.localhost', '/version');
      return answer.status === 200 && answer.body;
    });
    expect(body).toBe('one');
    const config = new KubeConfig();
    config.loadFromFile(cluster.sandbox.kubeconfigPath);
    const custom = config.makeApiClient(CustomObjectsApi);
    const applications = { group: 'argoproj.io', version: 'v1alpha1', namespace: 'argocd', plural: 'applications' };
    for (const name of ['mcp-servers-base', 'mcp-hello-k3v9x2']) {
      const status = await eventually(async () => {
        const found = await custom.getNamespacedCustomObject({ ...applications, name });
        return found.status?.sync.status === 'Synced' && found.status.health.status === 'Healthy' && found.status;
      });
      expect(status.conditions).toBeUndefined();
    }
  } finally {
    await cluster.close();
  }
});
