import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { parseCidr } from '../../../src/domain/cidr.ts';
import { clusterOffer } from '../../../src/domain/cluster-offer.ts';
import { renderKustomization, renderKustomizationYaml } from '../../../src/domain/kustomize-render.ts';
import { diffOverlay, unifiedDiff } from '../../../src/domain/overlay-diff.ts';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { parseDeploymentsPolicy } from '../../../src/domain/parse-deployments-policy.ts';
import { parseServerConfig } from '../../../src/domain/parse-server-config.ts';
import { planScaling } from '../../../src/domain/plan-scaling.ts';
import { restrictedViolations } from '../../../src/domain/pod-security.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { createServerId } from '../../../src/domain/server-id.ts';
import { setScale } from '../../../src/domain/set-scale.ts';
import { kubectlKustomize, testWithKubectl } from './kubectl.ts';
import { isBuiltIn, schemaViolations } from './kubernetes-schema.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from './overlay-cases.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const cidr = fc.tuple(fc.integer({ min: 11, max: 99 }), fc.nat(255)).map(([a, b]) => `${a}.${b}.0.0/16`);
const quantities = fc.record(
  { cpu: fc.constantFrom('10m', '500m', 1, '1.5', '4'), memory: fc.constantFrom('32Mi', '0.5Gi', '4Gi', 268_435_456) },
  { requiredKeys: [] },
);
/** Any characters that a name may have; those in YAML's grammar above all. */
const visible = fc
  .string({ unit: fc.constantFrom(...'ab:#-?[]{},&*!|>\'"%@`~=<\\/ é天😀0.'), minLength: 1, maxLength: 100 })
  .filter((text) => text.trim() === text && text !== '');

const writtenConfig = fc.record(
  {
    name: visible.filter((text) => text.length <= 60),
    runtime: fc.constantFrom('node', 'python', 'docker'),
    command: fc.array(fc.string({ unit: fc.constantFrom(...'ab:#-$({};&*!|>\'"%@`~\\/ é天😀'), minLength: 1 }), {
      minLength: 1,
      maxLength: 8,
    }),
    env: fc.uniqueArray(
      fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,4}$/).filter((name) => !/^MCP_/.test(name)),
      { maxLength: 8 },
    ),
    resources: quantities.map((limits) => ({ limits })),
    scaling: fc
      .tuple(fc.nat(5), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 10_000 }))
      .map(([min, more, requestsPerSecond]) => ({
        min,
        max: Math.min(10, min + more - (min > 0 ? 1 : 0)),
        requestsPerSecond,
      })),
    domains: fc.uniqueArray(
      fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/).map((label) => `${label}.example.org`),
      { maxLength: 5 },
    ),
    secrets: fc.constantFrom('cluster', 'external'),
    access: fc.constantFrom('private', 'public'),
    rateLimit: fc.record({ requestsPerMinute: fc.integer({ min: 1, max: 60_000 }) }),
    egress: fc.array(
      fc.record({
        cidr: cidr.filter((text) => parseCidr(text) !== undefined),
        ports: fc.uniqueArray(port, { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 4 },
    ),
    sessions: fc.constantFrom('shared', 'isolated'),
  },
  { requiredKeys: [] },
);

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const writtenPolicy = fc.record(
  {
    route: fc.record(
      {
        implementation: fc.constantFrom('envoy-gateway', 'nginx', 'other'),
        wildcardSecret: label,
        clusterIssuer: label,
      },
      { requiredKeys: ['clusterIssuer'] },
    ),
    customDomains: fc.constant(['*.example.org']),
    scaling: fc.record({ auto: fc.constant(true), requestMetric: fc.boolean(), toZero: fc.constant(true) }),
    nodePool: fc.record({
      label: fc.tuple(label, fc.constantFrom('/pool', '.example.org/pool')).map((parts) => parts.join('')),
      value: label,
    }),
    runtimeClass: label,
    hostUsers: fc.boolean(),
    secrets: fc.record(
      {
        default: fc.constantFrom('cluster', 'external'),
        store: fc.record(
          { name: label, kind: fc.constantFrom('SecretStore', 'ClusterSecretStore') },
          { requiredKeys: ['name'] },
        ),
        path: fc.constantFrom('{server-id}', 'prod/{server-id}/env'),
      },
      { requiredKeys: ['store'] },
    ),
    registryMirror: fc.tuple(label, port).map(([host, number]) => `${host}.example.org:${number}/ghcr`),
  },
  { requiredKeys: ['customDomains', 'scaling', 'route', 'secrets'] },
);

const route = fc.constantFrom(MINIMAL_OVERLAY.route, (OVERLAY_CASES.gateway ?? MINIMAL_OVERLAY).route);

describe('any valid configuration', () => {
  const rendered = fc
    .tuple(writtenConfig, writtenPolicy, route, fc.nat(10))
    .map(([written, rules, chosen, replicas]) => {
      const read = parseDeploymentsPolicy(stringify(rules));
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      const { merge: _, ...policy } = read.policy;
      const offer = clusterOffer({ route: chosen, policy, ownDomain: 'mcp.example.com', takenDomains: [] });
      const asked = parseServerConfig(stringify(written), offer);
      // What isolated sessions rule out is another test's matter.
      const parsed = asked.ok ? asked : parseServerConfig(stringify({ ...written, sessions: 'shared' }), offer);
      if (!parsed.ok) throw new Error(`${stringify(written)}\n${JSON.stringify(parsed.problems)}`);
      const input: OverlayInput = {
        ...MINIMAL_OVERLAY,
        serverName: parsed.config.name ?? 'stripe',
        replicas,
        route: chosen,
        config: parsed.config,
        policy,
      };
      return { written, config: parsed.config, input, files: renderOverlay(input) };
    });

  test('keeps its name, command and variables as they were written', () => {
    fc.assert(
      fc.property(rendered, ({ written, config, files }) => {
        expect(config).toMatchObject({
          ...(written.name ? { name: written.name } : {}),
          ...(written.command ? { command: written.command } : {}),
        });
        const deployment = parse(files['deployment.yaml'] ?? '');
        const names: string[] = deployment.spec.template.spec.containers[0].env.map(
          ({ name }: { name: string }) => name,
        );
        expect(names.filter((name) => !name.startsWith('MCP_'))).toEqual((written.env ?? []).toSorted());
      }),
      { numRuns: 40 },
    );
  });

  test('gives valid manifests that render, restricted pods, and one document a file', () => {
    fc.assert(
      fc.property(rendered, ({ input, files }) => {
        const manifests = renderKustomization(files);
        expect(manifests).toHaveLength(Object.keys(files).length - 1);
        const deployment = manifests.find(({ kind }) => kind === 'Deployment');
        expect(deployment).toMatchObject({
          metadata: { annotations: { 'mcp-hosting.dev/server-name': input.serverName } },
          spec: { template: { spec: { containers: [{ image: expect.stringMatching(imageOf(input)) }] } } },
        });
        const isFixed = planScaling(input).kind === 'fixed';
        if (isFixed) expect(deployment).toMatchObject({ spec: { replicas: input.replicas } });
        expect(manifests.filter(isBuiltIn).flatMap(schemaViolations)).toEqual([]);
        for (const { metadata } of manifests) {
          expect(metadata.namespace).toBe(input.namespace);
          expect(metadata.name).toMatch(new RegExp(`^mcp-${input.serverId}(?:-wake|-domains|-env)?$`));
        }
        for (const text of Object.values(files)) expect(parseAllDocuments(text)).toHaveLength(1);
        expect(restrictedViolations(parse(files['deployment.yaml'] ?? '').spec.template.spec)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  testWithKubectl('renders as kubectl kustomize does', () => {
    for (const { files } of fc.sample(rendered, { seed: 5, numRuns: 12 })) {
      expect(kubectlKustomize(files)).toEqual({ ok: true, text: renderKustomizationYaml(files) });
    }
  });

  test('differs from itself in nothing, and from a stopped one in one file', () => {
    fc.assert(
      fc.property(rendered, ({ input, files }) => {
        expect(diffOverlay(files, renderOverlay(input))).toEqual([]);
        const running = renderOverlay({ ...input, replicas: 1 });
        const stopped = renderOverlay({ ...input, replicas: 0 });
        expect(diffOverlay(running, stopped)).toHaveLength(1);
        const lines = unifiedDiff({ before: running, after: stopped }).match(/^[-+](?![-+])/gm);
        expect(lines).toHaveLength(planScaling(input).kind === 'fixed' ? 2 : 1);
        expect(setScale(running, input.serverId, 0)).toEqual(stopped);
      }),
      { numRuns: 40 },
    );
  });
});

function imageOf({ image, digest, policy }: OverlayInput): RegExp {
  const host = policy?.registryMirror ?? 'ghcr.io';
  return new RegExp(`^${host}/${image.slice('ghcr.io/'.length)}@${digest}$`);
}

describe('hostile text', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(fc.constantFrom(...'a.-_:/*@#\n"\'{}[]&!|> $0'), { maxLength: 12 }).map((parts) => parts.join('')),
    fc.constantFrom(
      'a.example.org\nnamespace: kube-system',
      'a,b.example.org',
      '*',
      '../../base',
      '$(HOST)',
      '{{.name}}',
    ),
  );
  /** Everything of the rendered objects but their texts. */
  const shapeOf = (input: OverlayInput) =>
    JSON.stringify(renderKustomization(renderOverlay(input)), (_, value: unknown) =>
      typeof value === 'string' ? '' : value,
    );

  test.each<[string, string, (text: string) => Partial<OverlayInput>]>([
    ['a domain', 'a', (text) => ({ config: { ...MINIMAL_OVERLAY.config, domains: [text] } })],
    ['a variable', 'A', (text) => ({ config: { ...MINIMAL_OVERLAY.config, env: [text] } })],
    ['a registry mirror', 'a', (text) => ({ policy: { registryMirror: text } })],
    ['a runtime class', 'a', (text) => ({ policy: { runtimeClass: text } })],
    ['a node label', 'a', (text) => ({ policy: { nodePool: { label: text, value: 'servers' } } })],
    ['a node value', 'a', (text) => ({ policy: { nodePool: { label: 'pool', value: text } } })],
    ['a wildcard Secret', 'a', (text) => ({ policy: { route: { wildcardSecret: text } } })],
    ['an issuer', 'a', (text) => ({ policy: { route: { clusterIssuer: text } } })],
    ['a server id', 'stripe-k3v9x2', (text) => ({ serverId: text })],
    ['a namespace', 'a', (text) => ({ namespace: text })],
    ['an image', 'a/b', (text) => ({ image: text })],
    ['a version', 'a', (text) => ({ version: text })],
  ])('in %s is refused, or stays within its node', (_, tame, change) => {
    const plain = shapeOf({ ...MINIMAL_OVERLAY, ...change(tame) });
    fc.assert(
      fc.property(hostile, (text) => {
        let shape: string | undefined;
        try {
          shape = shapeOf({ ...MINIMAL_OVERLAY, ...change(text) });
        } catch (error) {
          expect(String(error)).toMatch(/malformed/);
        }
        if (shape !== undefined) expect(shape).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });

  test('in a name stays within its node', () => {
    const plain = renderOverlay(MINIMAL_OVERLAY)['deployment.yaml'] ?? '';
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (serverName) => {
        const { 'deployment.yaml': text = '' } = renderOverlay({ ...MINIMAL_OVERLAY, serverName });
        const others = (yaml: string) =>
          yaml.split('\n').filter((line) => !line.includes('mcp-hosting.dev/server-name:'));
        expect(others(text)).toEqual(others(plain));
        expect(typeof parse(text).metadata.annotations['mcp-hosting.dev/server-name']).toBe('string');
      }),
    );
  });

  test('in a repository name makes a server id that renders', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const serverId = createServerId({ name, randomBytes: (count) => new Uint8Array(count) });
        expect(Object.keys(renderOverlay({ ...MINIMAL_OVERLAY, serverId, serverName: name }))).toHaveLength(4);
      }),
    );
  });

  test('as a whole configuration gives problems on lines of the file, and never throws', () => {
    const pieces = [
      'name',
      'env',
      'scaling',
      'egress',
      ': ',
      '\n',
      '- ',
      '  ',
      '\t',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '!x ',
      '|\n',
      '---\n',
      '#',
      '0',
      '<<',
      '? ',
      '%Y',
      '\r',
      '\u0000',
      '😀',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 40 }),
        (parts) => {
          const text = parts.join('');
          const parsed = parseServerConfig(text);
          const lines = text.split('\n').length;
          for (const { line, endLine, message } of parsed.ok ? [] : parsed.problems) {
            expect(line).toBeGreaterThanOrEqual(1);
            expect(endLine).toBeGreaterThanOrEqual(line);
            expect(endLine).toBeLessThanOrEqual(lines);
            expect(message).toMatch(/^Cannot (?:use|read) .+, expected |replace it/);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
