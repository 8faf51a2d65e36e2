import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { parseDeploymentsPolicy } from '../../../src/domain/parse-deployments-policy.ts';
import { restrictedViolations } from '../../../src/domain/pod-security.ts';
import { completeScaffoldOptions } from '../../../src/domain/scaffold/scaffold-options.ts';
import { sizeQuota } from '../../../src/domain/scaffold/size-quota.ts';
import { readScaffoldFiles } from '../../../src/scaffold-files.ts';
import { testDirectory } from '../cli/test-directory.ts';
import { testWithKubectl } from '../domain/kubectl.ts';
import { schemaViolations } from '../domain/kubernetes-schema.ts';
import { foldersOf, renderCase, SCAFFOLD_CASES } from './scaffold-cases.ts';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: manifests are looked at field by field.
  [field: string]: any;
}

/** Of CustomResourceDefinitions, which have schemas of their own. */
function isOperators({ apiVersion }: Manifest): boolean {
  return /^(argoproj\.io|cert-manager\.io|gateway\.networking\.k8s\.io|monitoring\.coreos\.com)\//.test(apiVersion);
}

const manifestsIn = (text = ''): Manifest[] => parseAllDocuments(text).map((document) => document.toJS());

describe.each(Object.entries(SCAFFOLD_CASES))('%s', (_name, given) => {
  const files = renderCase(given);

  test('leaves no placeholder, and every YAML file parses', () => {
    for (const [path, text] of Object.entries(files)) {
      expect(`${path}: ${text.match(/__[A-Z_]+__/)?.[0] ?? 'filled'}`).toBe(`${path}: filled`);
      if (!/\.ya?ml$/.test(path)) continue;
      for (const document of parseAllDocuments(text)) expect(document.errors).toEqual([]);
    }
  });

  test('has a policy that is valid', () => {
    expect(parseDeploymentsPolicy(files['mcp-hosting.yml'] ?? '')).toMatchObject({ ok: true });
  });

  test('names in README.md and CODEOWNERS only folders that are there', () => {
    const table = `${files['README.md']}\n${files['.github/CODEOWNERS'] ?? ''}`;
    const named = [...table.matchAll(/^(?:\| `|\/)([a-z]+)\//gm)].map(([, folder]) => `${folder}/`);

    expect(named).toContain('base/');
    expect(named.filter((folder) => !Object.keys(files).some((path) => path.startsWith(folder)))).toEqual([]);
  });

  testWithKubectl('kubectl renders every folder, and built-in kinds have no field that is unknown', () => {
    const directory = testDirectory(files);
    try {
      for (const folder of foldersOf(files)) {
        const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', `${directory.path}/${folder}`], {
          encoding: 'utf8',
        });
        expect(`${folder} ${status} ${stderr}`).toBe(`${folder} 0 `);
        const known = manifestsIn(stdout).filter((manifest) => !isOperators(manifest));
        expect(known.flatMap(schemaViolations)).toEqual([]);
      }
    } finally {
      directory.remove();
    }
  });
});

testWithKubectl('every folder of kustomize/ renders as it stands, placeholders and all', () => {
  const files = readScaffoldFiles();
  const directory = testDirectory(files);
  try {
    const folders = foldersOf(files);
    expect(folders).toEqual(
      expect.arrayContaining(['argocd', 'base', 'gateway', 'ingress', 'keda', 'monitoring', 'platform']),
    );
    for (const folder of folders) {
      const { status, stderr } = spawnSync('kubectl', ['kustomize', `${directory.path}/${folder}`], {
        encoding: 'utf8',
      });
      expect(`${folder} ${status} ${stderr}`).toBe(`${folder} 0 `);
    }
  } finally {
    directory.remove();
  }
});

test('the pods of the platform pass every check of the restricted standard', () => {
  const [deployment] = manifestsIn(renderCase({})['platform/deployment.yaml']);
  const pod = deployment?.spec.template.spec;

  expect(restrictedViolations(pod)).toEqual([]);
  expect(restrictedViolations({ ...pod, hostNetwork: true })).not.toEqual([]);
  const containers = [...pod.initContainers, ...pod.containers];
  expect(containers.map(({ securityContext }) => securityContext.readOnlyRootFilesystem)).toEqual([true, true]);
});

test('the namespaces of servers and platform enforce the restricted standard', () => {
  const files = renderCase({});
  for (const path of ['base/namespace.yaml', 'platform/namespace.yaml']) {
    const [namespace] = manifestsIn(files[path]);
    expect(namespace?.metadata).toMatchObject({ labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
  }
});

test('the quota follows its formula, and the API server would write every quantity the same', () => {
  const [quota] = manifestsIn(renderCase({ servers: 7 })['base/resource-quota.yaml']);

  // 7 servers, 2 previews, 1 surge pod
  expect(quota?.spec.hard).toMatchObject({
    pods: '10',
    'requests.cpu': '1',
    'requests.memory': '1280Mi',
    'limits.cpu': '5',
    'limits.memory': '2560Mi',
    services: '9',
    secrets: '27',
  });
  expect(sizeQuota({ servers: 3, wakeServices: false }).requestsCpu).toBe('500m');
});

test('traffic comes from the namespaces of the proxies alone, and from KEDA only where servers may be at zero', () => {
  const namespacesOf = (given: object) => {
    const policies = manifestsIn(renderCase(given)['base/network-policy.yaml']);
    const policy = policies.find(({ metadata }) => metadata.name === 'allow-from-gateway');
    return policy?.spec.ingress[0].from[0].namespaceSelector.matchExpressions[0].values;
  };

  expect(namespacesOf({})).toEqual(['gateway', 'envoy-gateway-system']);
  expect(namespacesOf({ scaleToZero: true })).toEqual(['gateway', 'envoy-gateway-system', 'keda']);
  expect(namespacesOf({ route: 'ingress' })).toEqual(['ingress-nginx']);
  expect(namespacesOf({ proxyNamespaces: ['edge', 'edge'] })).toEqual(['edge']);
});

test('the base denies all traffic that nothing allows', () => {
  const policies = manifestsIn(renderCase({})['base/network-policy.yaml']);

  expect(policies[0]?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
});

test('the bot is configured for the route that was chosen', () => {
  const literals = (given: object) =>
    parse(renderCase(given)['platform/kustomization.yaml'] ?? '').configMapGenerator[0].literals;

  expect(literals({ gatewayNamespace: 'infra' })).toEqual(
    expect.arrayContaining([
      'ROUTE=gateway',
      'GATEWAY_NAMESPACE=infra',
      'ENDPOINT_URL=https://{server-id}.mcp.example.com/mcp',
    ]),
  );
  expect(literals({ route: 'ingress', clusterIssuer: 'own' })).toEqual(
    expect.arrayContaining(['ROUTE=ingress', 'INGRESS_CLASS=nginx', 'CLUSTER_ISSUER=own']),
  );
});

test.each([
  [{ domain: undefined }, '--domain'],
  [{ domain: 'mcp.example.com\n  evil: true' }, '--domain'],
  [{ domain: '*.example.com' }, '--domain'],
  [{ domain: `${'a'.repeat(64)}.com` }, '--domain'],
  [{ domain: Array(48).fill('abc').join('.') }, '--domain'],
  [{ domain: '10.0.0.1' }, '--domain'],
  [{ domain: 'bücher.example' }, '--domain'],
  [{ gatewayClass: '"}' }, '--gateway-class'],
  [{ gatewayNamespace: '123' }, '--gateway-namespace'],
  [{ gatewayNamespace: 'mcp-servers' }, '--gateway-namespace'],
  [{ monitoringNamespace: 'true' }, '--monitoring-namespace'],
  [{ proxyNamespaces: ['no'] }, '--proxy-namespace'],
  [{ clusterIssuer: '1.5' }, '--cluster-issuer'],
  [{ clusterIssuer: 'null' }, '--cluster-issuer'],
  [{ platformHost: 'mcp.example.com' }, '--platform-host'],
  [{ platformHost: 'bot.other.example' }, '--platform-host'],
  [{ platformHost: 'a.b.mcp.example.com' }, '--platform-host'],
  [{ implementation: 'nginx' as const }, '--implementation'],
  [{ route: 'ingress' as const, implementation: 'envoy-gateway' as const }, '--implementation'],
  [{ image: 'ghcr.io/acme/bot:' }, '--image'],
  [{ image: 'ghcr.io/Acme/bot:1' }, '--image'],
  [{ image: 'ghcr.io/acme/bot:1:2' }, '--image'],
  [{ gatewayNamespace: 'a.b' }, '--gateway-namespace'],
  [{ proxyNamespaces: [] }, '--proxy-namespace'],
  [{ proxyNamespaces: ['ok', 'not ok'] }, '--proxy-namespace'],
  [{ codeOwners: ['kim'] }, '--code-owner'],
  [{ codeOwners: ['@kim\n* @mallory'] }, '--code-owner'],
  [{ image: 'a b' }, '--image'],
  [{ image: 'a..b/bot:1' }, '--image'],
  [{ image: 'a:99999/bot:1' }, '--image'],
  [{ servers: 0 }, '--servers'],
  [{ servers: 1.5 }, '--servers'],
  [{ route: 'tunnel' as 'gateway' }, '--route'],
])('%j is refused, and the option is named', (given, flag) => {
  const repository = { owner: 'acme', name: 'deployments' };
  const complete = () =>
    completeScaffoldOptions({ repository, githubWebUrl: 'https://github.com', version: '1.0.0' }, {
      domain: 'mcp.example.com',
      ...given,
    } as never);

  expect(complete).toThrow(expect.objectContaining({ code: 'usage-invalid', message: expect.stringContaining(flag) }));
});

test('odd values that are right are taken', () => {
  const given = {
    domain: ['a'.repeat(63), 'b'.repeat(63), `${'c'.repeat(57)}.io`].join('.'),
    image: `localhost:5000/team/mcp_hosting:1.0.0@sha256:${'0'.repeat(64)}`,
    gatewayClass: 'gke-l7.global',
  };

  expect(renderCase(given)['platform/deployment.yaml']).toContain(given.image);
  expect(renderCase({ route: 'ingress', platformHost: 'bot.other.example' })['platform/ingress.yaml']).toContain(
    '- bot.other.example',
  );
});
