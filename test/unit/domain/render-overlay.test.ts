import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments, type Tags } from 'yaml';
import { renderKustomization, renderKustomizationYaml } from '../../../src/domain/kustomize-render.ts';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { type PodSpec, RESTRICTED_CHECKS, restrictedViolations } from '../../../src/domain/pod-security.ts';
import { OVERLAY_COMMENT, renderOverlay } from '../../../src/domain/render-overlay.ts';
import { setReplicas } from '../../../src/domain/set-replicas.ts';
import { kubectlKustomize, testWithKubectl } from './kubectl.ts';
import { isBuiltIn, schemaViolations } from './kubernetes-schema.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from './overlay-cases.ts';

const goldenDir = fileURLToPath(new URL('../../golden/overlays/', import.meta.url));

function readGolden(name: string): Record<string, string> {
  const dir = `${goldenDir}${name}/`;
  if (!existsSync(dir)) return {};
  return Object.fromEntries(readdirSync(dir).map((file) => [file, readFileSync(dir + file, 'utf8')]));
}

/** `UPDATE_GOLDEN=1` writes what is rendered now, to be reviewed as a diff. */
function writeGolden(name: string, files: Readonly<Record<string, string>>): void {
  rmSync(goldenDir + name, { recursive: true, force: true });
  mkdirSync(goldenDir + name, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(`${goldenDir}${name}/${file}`, text);
}

/** Manifests have no fractions, and to Go a number beyond a float's range is a text. */
function readAsGo(text: string): unknown[] {
  const customTags = (tags: Tags) => tags.filter((tag) => typeof tag === 'string' || !tag.tag.endsWith(':float'));
  return parseAllDocuments(text, { customTags }).map((document) => document.toJS());
}

const project = readFileSync(new URL('../../../kustomize/argocd/app-project.yaml', import.meta.url), 'utf8');
const ALLOWED_KINDS: string[] = parseAllDocuments(project)[0]
  ?.toJS()
  .spec.namespaceResourceWhitelist.map(({ group, kind }: { group: string; kind: string }) => `${group} ${kind}`);

function podOf(input: OverlayInput): PodSpec {
  return parse(renderOverlay(input)['deployment.yaml'] ?? '').spec.template.spec;
}

describe.each(Object.entries(OVERLAY_CASES))('the overlay "%s"', (name, input) => {
  const files = renderOverlay(input);
  if (process.env.UPDATE_GOLDEN) writeGolden(name, files);

  test('is the golden one', () => {
    expect(files).toEqual(readGolden(name));
  });

  test('is the same bytes when rendered again', () => {
    expect(renderOverlay(structuredClone(input))).toEqual(files);
  });

  test('says in each file who writes it', () => {
    for (const text of Object.values(files)) expect(text.split('\n')[0]).toBe(OVERLAY_COMMENT);
  });

  test('reads alike in YAML 1.1 and 1.2', () => {
    for (const text of Object.values(files)) {
      expect(parse(text, { version: '1.1' })).toEqual(parse(text, { version: '1.2' }));
    }
  });

  test('holds to the restricted Pod Security Standard', () => {
    expect(restrictedViolations(podOf(input))).toEqual([]);
  });

  test('asks for a key on its route, or has its metrics elsewhere', () => {
    const { env, ports } = podOf(input).containers[0] as {
      env: { name: string; value: string }[];
      ports: { name: string; containerPort: number }[];
    };
    const variable = (wanted: string) => env.find(({ name }) => name === wanted)?.value;

    const metricsPort = variable('MCP_WRAPPER_METRICS_PORT');
    expect(variable('MCP_WRAPPER_KEYS_FILE') ?? metricsPort).toBeDefined();
    expect(String(ports.find(({ name }) => name === 'metrics')?.containerPort)).toBe(String(metricsPort));
  });

  test('holds to the schemas of Kubernetes, without a field that is unknown there', () => {
    const builtIn = renderKustomization(files).filter(isBuiltIn);

    expect(builtIn.length).toBeGreaterThanOrEqual(2);
    expect(builtIn.flatMap(schemaViolations)).toEqual([]);
  });

  test('brings only what the AppProject lets Argo CD apply, into the one namespace', () => {
    for (const { apiVersion, kind, metadata } of renderKustomization(files)) {
      expect(ALLOWED_KINDS).toContain(`${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''} ${kind}`);
      expect(metadata.namespace).toBe(input.namespace);
      expect(metadata.labels).toMatchObject({ app: 'mcp-server', 'server-id': input.serverId });
    }
  });

  testWithKubectl('renders to the objects, the order and the bytes that kubectl kustomize gives', () => {
    const { ok, text } = kubectlKustomize(readGolden(name));

    expect(ok ? '' : text).toBe('');
    expect(renderKustomization(files)).toEqual(readAsGo(text));
    expect(renderKustomizationYaml(files)).toBe(text);
  });
});

test('there is no golden overlay without a case', () => {
  expect(readdirSync(goldenDir).sort()).toEqual(Object.keys(OVERLAY_CASES).sort());
});

describe('renderOverlay', () => {
  test('makes of a stop one changed line', () => {
    const running = renderOverlay(MINIMAL_OVERLAY);
    const stopped = renderOverlay({ ...MINIMAL_OVERLAY, replicas: 0 });

    const text = running['kustomization.yaml'] ?? '';
    expect(stopped).toEqual({ ...running, 'kustomization.yaml': text.replace('count: 1', 'count: 0') });
    expect(stopped['kustomization.yaml']).toBe(setReplicas(text, 0));
  });

  test('makes of a new build of the same commit one changed line', () => {
    const before = renderOverlay(MINIMAL_OVERLAY);
    const digest = `sha256:${'0'.repeat(64)}`;

    const after = renderOverlay({ ...MINIMAL_OVERLAY, digest });

    const text = before['kustomization.yaml'] ?? '';
    expect(after).toEqual({ ...before, 'kustomization.yaml': text.replace(MINIMAL_OVERLAY.digest, digest) });
  });

  test('does not depend on the order of environment variables, nor on repeats', () => {
    const render = (env: string[]) => renderOverlay({ ...MINIMAL_OVERLAY, config: { ...MINIMAL_OVERLAY.config, env } });

    expect(render(['B', 'A', 'B'])).toEqual(render(['A', 'B']));
  });

  test('leaves the pods alone when only the commit and the name change', () => {
    const other = {
      ...MINIMAL_OVERLAY,
      serverName: 'other',
      version: 'abcdef0',
      source: { ...MINIMAL_OVERLAY.source, commitSha: 'a'.repeat(40) },
    };

    expect(podOf(other)).toEqual(podOf(MINIMAL_OVERLAY));
  });

  test('puts a name of any characters on one line', () => {
    const { 'deployment.yaml': text = '' } = renderOverlay({
      ...MINIMAL_OVERLAY,
      serverName: 'a\n---\nkind: Pod\u0000\u007f\u2028\ud800',
    });

    expect(parse(text).metadata.annotations['mcp-hosting.dev/server-name']).toBe('a --- kind: Pod   \ufffd');
  });

  test.each(['E0', 'e123456', '12e4567', '1234567', '0012345', 'Y', 'NO', 'NULL', 'TRUE', '_1', 'INF'])(
    'keeps %s a text for every reader, as a version and as a variable',
    (text) => {
      const env = [/^[A-Z_]/.test(text) ? text : 'A'];
      const version = text.startsWith('_') ? 'a' : text;

      const files = renderOverlay({ ...MINIMAL_OVERLAY, version, config: { ...MINIMAL_OVERLAY.config, env } });

      const deployment = files['deployment.yaml'] ?? '';
      const written = parse(deployment, { version: '1.2' });
      expect(written.metadata.labels['app.kubernetes.io/version']).toBe(version);
      expect(written.spec.template.spec.containers[0].env.at(-1).name).toBe(env[0]);
      expect(parse(deployment, { version: '1.1' })).toEqual(written);
      expect(renderKustomization(files)).toHaveLength(3);
    },
  );

  test.each<[string, Partial<OverlayInput>]>([
    ['server id', { serverId: '../../etc-222222' }],
    ['server id', { serverId: 'a\nb-222222' }],
    ['namespace', { namespace: 'Default' }],
    ['image', { image: 'ghcr.io/Acme/x' }],
    ['image', { image: 'ghcr.io/acme/x:latest' }],
    ['digest', { digest: 'sha256:abc' }],
    ['version', { version: 'a b' }],
    ['replicas', { replicas: -1 }],
    ['replicas', { replicas: 0.5 }],
    ['host', { host: 'a.example.com:8080' }],
    ['host', { host: 'a.example.com\nx: y' }],
    ['environment variable', { config: { ...MINIMAL_OVERLAY.config, env: ['A: b'] } }],
    ['domain', { config: { ...MINIMAL_OVERLAY.config, domains: ['a.example.com,evil.example.com'] } }],
    ['domain', { config: { ...MINIMAL_OVERLAY.config, domains: ['*.example.com'] } }],
    ['policy', { policy: { registryMirror: 'mirror.example.org@sha256:0' } }],
    ['policy', { policy: { registryMirror: 'mirror.example.org/../x' } }],
    ['policy', { policy: { runtimeClass: 'a b' } }],
    ['policy', { policy: { nodePool: { label: 'a', value: 'b\nc: d' } } }],
    ['policy', { policy: { nodePool: { label: 'a/b/c', value: 'b' } } }],
    ['policy', { policy: { route: { wildcardSecret: '../x' } } }],
    ['policy', { policy: { route: { clusterIssuer: 'X' } } }],
  ])('refuses a malformed %s', (name, change) => {
    expect(() => renderOverlay({ ...MINIMAL_OVERLAY, ...change })).toThrow(`malformed ${name}`);
  });
});

describe('renderOverlay of several pods', () => {
  const specOf = (name: string) => podOf(OVERLAY_CASES[name] ?? MINIMAL_OVERLAY);
  const manifest = (name: string, file: string) =>
    parse(renderOverlay(OVERLAY_CASES[name] ?? MINIMAL_OVERLAY)[file] ?? 'null');

  test('spreads them over zones and nodes, and lets one go at a time', () => {
    const keys = (name: string) => specOf(name).topologySpreadConstraints?.map(({ topologyKey }) => topologyKey);

    expect(keys('replicas')).toEqual(['topology.kubernetes.io/zone', 'kubernetes.io/hostname']);
    expect(keys('ingress')).toBeUndefined();
    expect(manifest('replicas', 'poddisruptionbudget.yaml').spec.maxUnavailable).toBe(1);
    expect(manifest('ingress', 'poddisruptionbudget.yaml')).toBeNull();
  });

  test('writes a count only where nothing else decides on it', () => {
    for (const [name, input] of Object.entries(OVERLAY_CASES)) {
      const { replicas } = manifest(name, 'kustomization.yaml');
      const isScaled = manifest(name, 'horizontalpodautoscaler.yaml') ?? manifest(name, 'scaledobject.yaml');
      expect([name, replicas !== undefined]).toEqual([name, !isScaled || name === 'autoscaling-stopped']);
      expect(manifest(name, 'deployment.yaml').spec.replicas).toBeUndefined();
      if (input.replicas === 0 && replicas) expect(replicas[0].count).toBe(0);
    }
  });

  test('makes new pods when a setting changes, and only then', () => {
    const checksum = (config: Partial<OverlayInput['config']>) =>
      parse(
        renderOverlay({ ...MINIMAL_OVERLAY, config: { ...MINIMAL_OVERLAY.config, ...config } })['deployment.yaml'] ??
          '',
      ).spec.template.metadata.annotations['mcp-hosting.dev/config-checksum'];

    expect(checksum({ env: ['B', 'A'] })).toBe(checksum({ env: ['A', 'B'] }));
    const variants = [{}, { env: ['A'] }, { access: 'public' as const }, { domains: ['a.example.org'] }];
    expect(new Set(variants.map(checksum)).size).toBe(variants.length);
    expect(checksum({ egress: [] })).toBe(checksum({}));
  });
});

describe('schemaViolations', () => {
  test('finds unknown fields and values of another type', () => {
    const manifest = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a', labels: { a: 1 } },
      spec: { replica: 1, template: { spec: { containers: [{ name: 'a', image: 1 }], volumes: {} } } },
    };

    expect(schemaViolations(manifest)).toEqual([
      'Deployment.metadata.labels.a: is no string',
      'Deployment.spec: unknown field "replica"',
      'Deployment.spec.template.spec.containers[0].image: is no string',
      'Deployment.spec.template.spec.volumes: is no list',
    ]);
  });
});

describe('restrictedViolations', () => {
  test('finds every control that an unrestricted pod violates', () => {
    const unrestricted: PodSpec = {
      hostNetwork: true,
      securityContext: { runAsUser: 0, sysctls: [{ name: 'kernel.msgmax' }], windowsOptions: { hostProcess: true } },
      containers: [
        {
          securityContext: {
            privileged: true,
            capabilities: { add: ['SYS_ADMIN'] },
            procMount: 'Unmasked',
            appArmorProfile: { type: 'Unconfined' },
            seLinuxOptions: { type: 'spc_t' },
            seccompProfile: { type: 'Unconfined' },
          },
          ports: [{ hostPort: 80 }],
          livenessProbe: { httpGet: { host: '169.254.169.254' } },
        },
      ],
      volumes: [{ name: 'root', hostPath: { path: '/' } }],
    };

    expect(restrictedViolations(unrestricted)).toEqual(Object.keys(RESTRICTED_CHECKS));
  });
});
