import { execFile, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from './eventually.ts';
import { overlay } from './overlay.ts';
import { pushServerImage, startTestCluster, type TestCluster } from './test-cluster.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const image = 'ghcr.io/acme/mcp-servers/hello-k3v9x2';
let cluster: TestCluster;

/** @returns what it prints @throws with what it complains */
async function kubectl(args: string[], input?: string): Promise<string> {
  const options = { env: { PATH: process.env.PATH, HOME: cluster.dir } };
  const run = promisify(execFile)('kubectl', ['--kubeconfig', cluster.sandbox.kubeconfigPath, ...args], options);
  run.child.stdin?.end(input ?? '');
  return (await run).stdout;
}

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(() => cluster.close());

test('The kubeconfig is for its owner only', () => {
  expect(statSync(cluster.sandbox.kubeconfigPath).mode & 0o777).toBe(0o600);
});

(hasKubectl ? describe : describe.skip)('kubectl', () => {
  test('applies an overlay, shows it, and takes it away', async () => {
    const digest = await pushServerImage(cluster, image, 'one');
    const files = overlay({ serverId: 'hello-k3v9x2', image: `${image}@${digest}`, digest });
    const manifests = Object.entries(files)
      .filter(([path]) => !path.endsWith('kustomization.yaml'))
      .map(([, text]) => text)
      .join('---\n');

    const applied = await kubectl(['apply', '-n', 'mcp-servers', '-f', '-'], manifests);
    expect(applied).toContain('deployment.apps/mcp-hello-k3v9x2 created');
    await kubectl(['rollout', 'status', '-n', 'mcp-servers', 'deployment/mcp-hello-k3v9x2', '--timeout=90s']);

    expect(await kubectl(['apply', '-n', 'mcp-servers', '-f', '-'], manifests)).toContain('mcp-hello-k3v9x2 unchanged');
    const pods = await kubectl(['get', 'pods,deployments,applications', '-A']);
    expect(pods).toMatch(/READY +STATUS +RESTARTS/);
    expect(pods).toMatch(/pod\/mcp-hello-k3v9x2-\S+ +1\/1 +Running +0/);
    expect(pods).toMatch(/deployment.apps\/mcp-hello-k3v9x2 +1\/1 +1 +1/);
    const logs = ['logs', '-n', 'mcp-servers', 'deployment/mcp-hello-k3v9x2', '--tail=1'];
    // A pod without a probe is ready before it has said anything.
    expect(await eventually(async () => (await kubectl(logs)) || false)).toBe('listening one\n');
    const described = await kubectl(['describe', 'pod', '-n', 'mcp-servers', '-l', 'server-id=hello-k3v9x2']);
    expect(described).toContain('Started container mcp-server');
    expect(await kubectl(['describe', 'deployment', '-n', 'mcp-servers', 'mcp-hello-k3v9x2'])).toContain(
      'NewReplicaSetAvailable',
    );

    await kubectl(['scale', '-n', 'mcp-servers', 'deployment/mcp-hello-k3v9x2', '--replicas=0']);
    await eventually(async () => (await kubectl(['get', 'pods', '-n', 'mcp-servers', '-o', 'name'])) === '');
    await kubectl(['delete', '-n', 'mcp-servers', 'deployment', 'mcp-hello-k3v9x2']);
    expect(await kubectl(['get', 'deployments', '-n', 'mcp-servers', '-o', 'name'])).toBe('');
  });

  test('changes one environment variable of a list by apply', async () => {
    const deployment = (value: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: patched, namespace: default }
spec:
  replicas: 0
  selector: { matchLabels: { app: patched } }
  template:
    metadata: { labels: { app: patched } }
    spec:
      containers:
        - name: main
          image: nowhere/none:latest
          env: [{ name: A, value: '1' }${value}]
`;
    await kubectl(['apply', '-f', '-'], deployment(", { name: B, value: '2' }"));
    await kubectl(['apply', '-f', '-'], deployment(", { name: C, value: '3' }"));

    const env = await kubectl([
      'get',
      'deployment',
      'patched',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].env[*].name}',
    ]);
    expect(env).toBe('A C');
  });

  test('annotates, labels, edits as merge and JSON patch, and creates secrets', async () => {
    await kubectl(['create', 'secret', 'generic', 'key', '--from-literal=key=value']);
    await kubectl(['annotate', 'secret', 'key', 'note=here']);
    await kubectl(['label', 'secret', 'key', 'kind=test']);
    await kubectl(['patch', 'secret', 'key', '--type=merge', '-p', '{"stringData":{"other":"x"}}']);
    await kubectl(['patch', 'secret', 'key', '--type=json', '-p', '[{"op":"remove","path":"/data/key"}]']);

    const secret = JSON.parse(await kubectl(['get', 'secret', '-l', 'kind in (test,none)', '-o', 'json'])).items[0];
    expect(secret).toMatchObject({ data: { other: 'eA==' }, metadata: { annotations: { note: 'here' } } });
    expect(secret.data.key).toBeUndefined();
    await kubectl(['delete', 'secret', '--field-selector', 'metadata.name=key']);
    expect(await kubectl(['get', 'secrets', '-o', 'name'])).toBe('');
  });

  test('a namespace takes what it holds with it', async () => {
    await kubectl(['create', 'namespace', 'short-lived']);
    await kubectl(['create', 'configmap', '-n', 'short-lived', 'settings', '--from-literal=a=b']);
    await kubectl(['delete', 'namespace', 'short-lived', '--timeout=90s']);

    expect(await kubectl(['get', 'configmaps', '-A', '-o', 'name'])).toBe('');
  });

  test('errors say what is wrong', async () => {
    const failing = (args: string[]) =>
      kubectl(args).then(
        () => 'it worked',
        (error: { stderr: string }) => error.stderr,
      );
    expect(await failing(['get', 'pod', 'nobody'])).toContain('pods "nobody" not found');
    expect(await failing(['create', 'configmap', '-n', 'nowhere', 'a'])).toContain('namespaces "nowhere" not found');
    expect(await failing(['create', 'configmap', 'Bad_Name'])).toContain('is invalid');
    expect(await failing(['logs', 'nobody'])).toContain('not found');
  });
});
