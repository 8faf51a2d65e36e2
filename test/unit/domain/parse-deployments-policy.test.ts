import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parseDeploymentsPolicy } from '../../../src/domain/parse-deployments-policy.ts';

test.each([
  [null, 'review'],
  ['', 'review'],
  ['# nothing\n', 'review'],
  ['merge: review', 'review'],
  ['merge: auto # our test cluster\n', 'auto'],
])('parseDeploymentsPolicy(%j) is %s', (text, merge) => {
  expect(parseDeploymentsPolicy(text)).toEqual({ ok: true, policy: { merge } });
});

test('parseDeploymentsPolicy keeps what the cluster has', () => {
  const text = `
route: {implementation: envoy-gateway, wildcardSecret: mcp-tls, clusterIssuer: letsencrypt-prod}
customDomains: ["*.example.org", tools.example.com]
scaling: {auto: true, requestMetric: false, toZero: true}
nodePool: {label: mcp-hosting.dev/pool, value: servers}
runtimeClass: gvisor
hostUsers: false
clusterRanges: [203.0.113.0/24, "2001:db8::/32"]
registryMirror: mirror.example.org:5000/ghcr
registries: [localhost/x, registry:5000, ghcr.io/acme]
secrets: {default: external, store: {name: vault, kind: SecretStore}, path: "prod/{server-id}"}
`;

  expect(parseDeploymentsPolicy(text)).toEqual({
    ok: true,
    policy: {
      merge: 'review',
      route: { implementation: 'envoy-gateway', wildcardSecret: 'mcp-tls', clusterIssuer: 'letsencrypt-prod' },
      customDomains: ['*.example.org', 'tools.example.com'],
      scaling: { auto: true, requestMetric: false, toZero: true },
      nodePool: { label: 'mcp-hosting.dev/pool', value: 'servers' },
      runtimeClass: 'gvisor',
      hostUsers: false,
      clusterRanges: ['203.0.113.0/24', '2001:db8::/32'],
      registryMirror: 'mirror.example.org:5000/ghcr',
      registries: ['localhost/x', 'registry:5000', 'ghcr.io/acme'],
      secrets: { default: 'external', store: { name: 'vault', kind: 'SecretStore' }, path: 'prod/{server-id}' },
    },
  });
});

test.each<[string, number, string]>([
  ['merge: auto\nscaling:\n  toZero: 1', 3, 'Cannot use scaling.toZero: it is 1, expected true (scaling.min may be 0;'],
  ['route: {implementation: traefik}', 1, 'Cannot use route.implementation: it is "traefik", expected "envoy-gateway"'],
  ['route: {clusterIssuer: "a b"}', 1, 'Cannot use route.clusterIssuer: it is "a b", expected the name of a Cluster'],
  ['customDomains: ["*"]', 1, 'Cannot use customDomains[0]: it is another text, expected a host name in lower case'],
  [
    'nodePool: {label: a}',
    1,
    'Cannot use nodePool: the key "value" is missing, expected a mapping with label and value',
  ],
  ['nodePool: {label: a, value: ""}', 1, 'Cannot use nodePool.value: it is empty, expected the value of that label'],
  ['nodePool: {label: a, value: true}', 1, 'it is true, expected the value of that label, in quotes where it is a'],
  ['nodePool: {label: a..b/pool, value: a}', 1, 'Cannot use nodePool.label: it is another text, expected the key of a'],
  ['secrets: {default: external}', 1, 'Cannot use secrets.default: the key "store" is missing beside it'],
  [
    'secrets: {store: {name: a}, path: prod}',
    1,
    'Cannot use secrets.path: it is "prod", expected where the store keeps',
  ],
  ['runtimeClass: g/visor', 1, 'Cannot use runtimeClass: it is another text, expected the name of a RuntimeClass'],
  ['hostUsers: "no"', 1, 'Cannot use hostUsers: it is "no", expected false (each pod has a user namespace of its own'],
  [
    'registryMirror: https://a.example.org',
    1,
    'Cannot use registryMirror: it is another text, expected a host with a dot or',
  ],
  ['clusterRanges: [203.0.113.7/24]', 1, 'Cannot use clusterRanges[0]: it is "203.0.113.7/24", expected an IPv4 or'],
  ['clusterRanges: [0.0.0.0/0]', 1, 'Cannot use clusterRanges[0]: it is "0.0.0.0/0", expected an IPv4 or IPv6 range'],
  ['clusterRanges: ["::/0"]', 1, 'Cannot use clusterRanges[0]: it is "::/0", expected an IPv4 or IPv6 range'],
  ['registries: [ghcr/acme]', 1, 'Cannot use registries[0]: it is another text, expected a host with a dot or a port'],
  ['registryMirror: mirror', 1, 'Cannot use registryMirror: it is "mirror", expected a host with a dot or a port'],
  ...['{server-id}/../x', '../{server-id}', 'a/./{server-id}', '{server-id}/..'].map(
    (path): [string, number, string] => [
      `secrets: {store: {name: a}, path: "${path}"}`,
      1,
      'Cannot use secrets.path: it is another text, expected where the store keeps the values of a server, with "{server-id}" in it and no',
    ],
  ),
  ['registryMirror: a..b', 1, 'Cannot use registryMirror: it is "a..b", expected a host with a dot or'],
  ['registryMirror: a:99999', 1, 'Cannot use registryMirror: it is "a:99999", expected a host with a dot or'],
  ['registries: [ghcr.io, "a:0"]', 1, 'Cannot use registries[1]: it is "a:0", expected a host with a dot or'],
])('parseDeploymentsPolicy tells of %j on its line', (text, line, message) => {
  expect(parseDeploymentsPolicy(text)).toMatchObject({
    ok: false,
    problems: [{ line, endLine: line, message: expect.stringContaining(message) }],
  });
});

test.each<[string, number, string]>([
  [
    'merge: automatic',
    1,
    'Cannot use merge: it is "automatic", expected "review" (people merge) or "auto" (mcp-hosting merges at once)',
  ],
  [
    'merge:',
    1,
    'Cannot use merge: it is empty, expected "review" (people merge) or "auto" (mcp-hosting merges at once)',
  ],
  ['merge: auto\nmerges: auto', 2, 'Cannot use the key "merges": it is unknown, expected "merge"'],
  [
    'merge: auto\nmerge: review',
    2,
    'Cannot read mcp-hosting.yml: the key "merge" stands twice in one mapping, expected once',
  ],
  ['- merge', 1, 'Cannot read mcp-hosting.yml: its content is a list, expected a mapping of keys to values'],
  ['merge: &a auto', 1, 'Cannot read mcp-hosting.yml: an anchor (&name) is used, expected the plain value'],
])('parseDeploymentsPolicy refuses %j', (text, line, message) => {
  expect(parseDeploymentsPolicy(text)).toMatchObject({ ok: false, problems: [{ line, endLine: line, message }] });
});

test('the published schema is valid, and so are its examples', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../docs/deployments-policy.schema.json', import.meta.url), 'utf8'),
  );
  const validate = new Ajv({ formats: { registry: true, 'cluster-range': true } }).compile(schema);

  expect(schema.examples.map((example: unknown) => validate(example))).toEqual([true, true]);
});

interface Schema {
  title?: string;
  description?: string;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

test('the published schema explains every key, and gives an example of each', () => {
  const schema: Schema = JSON.parse(
    readFileSync(new URL('../../../docs/deployments-policy.schema.json', import.meta.url), 'utf8'),
  );
  const nodes = (node: Schema): Schema[] => [
    node,
    ...Object.values(node.properties ?? {}).flatMap(nodes),
    ...(node.items ? nodes(node.items) : []),
  ];

  for (const { title, description } of nodes(schema))
    expect([title, description]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)]);
  for (const [key, { examples = [] }] of Object.entries(schema.properties ?? {})) {
    expect([key, examples.length > 0]).toEqual([key, true]);
    for (const example of examples) {
      expect(parseDeploymentsPolicy(JSON.stringify({ [key]: example }))).toMatchObject({ ok: true });
    }
  }
});
