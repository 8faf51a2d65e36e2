import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { parseCidr } from '../../../src/domain/cidr.ts';
import { renderKustomization } from '../../../src/domain/kustomize-render.ts';
import { diffOverlay, unifiedDiff } from '../../../src/domain/overlay-diff.ts';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { parseServerConfig } from '../../../src/domain/parse-server-config.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { createServerId } from '../../../src/domain/server-id.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from './overlay-cases.ts';
import { restrictedViolations } from './pod-security.ts';

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
    scaling: fc.integer({ min: 1, max: 10 }).map((count) => ({ min: count, max: count })),
    access: fc.constantFrom('key', 'public'),
    rateLimit: fc.record({ requestsPerMinute: fc.integer({ min: 1, max: 60_000 }) }),
    egress: fc.array(
      fc.record({
        cidr: cidr.filter((text) => parseCidr(text) !== undefined),
        ports: fc.uniqueArray(port, { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 4 },
    ),
    sessions: fc.constant('shared'),
  },
  { requiredKeys: [] },
);

const route = fc.constantFrom(MINIMAL_OVERLAY.route, (OVERLAY_CASES.gateway ?? MINIMAL_OVERLAY).route);

describe('any valid configuration', () => {
  const rendered = fc.tuple(writtenConfig, route, fc.nat(10)).map(([written, chosen, replicas]) => {
    const parsed = parseServerConfig(stringify(written));
    if (!parsed.ok) throw new Error(`${stringify(written)}\n${JSON.stringify(parsed.problems)}`);
    const input: OverlayInput = {
      ...MINIMAL_OVERLAY,
      serverName: parsed.config.name ?? 'stripe',
      replicas,
      route: chosen,
      config: parsed.config,
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
          spec: {
            replicas: input.replicas,
            template: { spec: { containers: [{ image: `${input.image}@${input.digest}` }] } },
          },
        });
        for (const text of Object.values(files)) expect(parseAllDocuments(text)).toHaveLength(1);
        expect(restrictedViolations(parse(files['deployment.yaml'] ?? '').spec.template.spec)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test('differs from itself in nothing, and from a stopped one in one file', () => {
    fc.assert(
      fc.property(rendered, ({ input, files }) => {
        expect(diffOverlay(files, renderOverlay(input))).toEqual([]);
        const stopped = renderOverlay({ ...input, replicas: input.replicas + 1 });
        expect(diffOverlay(files, stopped)).toEqual([{ path: 'kustomization.yaml', kind: 'changed' }]);
        expect(unifiedDiff({ before: files, after: stopped }).match(/^[-+](?![-+])/gm)).toHaveLength(2);
      }),
      { numRuns: 40 },
    );
  });
});

describe('hostile text', () => {
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
