import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { manifestYaml, renderKustomization } from '../../../src/domain/kustomize-render.ts';
import { BASE_KINDS } from '../../../src/domain/read-manifests.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { checkBase } from '../../../src/domain/review/check-base.ts';
import type { OverlayEntry } from '../../../src/domain/review/overlay-entry.ts';
import { reviewManifests } from '../../../src/domain/review/review-manifests.ts';
import { touchedPaths, touchesNothing } from '../../../src/domain/review/touched-paths.ts';
import { writeYaml } from '../../../src/domain/write-yaml.ts';
import { kubectlKustomize, testWithKubectl } from '../domain/kubectl.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from '../domain/overlay-cases.ts';
import { type Files, GATEWAY, inputOf, OVERLAY, SERVER, texts, told, verdict } from './review-fixtures.ts';

const BASE = scaffold('base');

function scaffold(folder: string): Files {
  const path = fileURLToPath(new URL(`../../../kustomize/${folder}/`, import.meta.url));
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(`${path}${name}`, 'utf8')]));
}

describe('what mcp-hosting writes', () => {
  test.each(Object.entries(OVERLAY_CASES))('passes: %s', (_, input) => {
    const { customDomains = [], ...policy } = input.policy ?? {};
    const text = writeYaml(
      {
        merge: 'review',
        ...policy,
        customDomains: [...new Set([...customDomains, '*.acme.com'])],
      },
      'overlay',
    );
    const { serverId, route } = input;
    expect(verdict(renderOverlay(input), { serverId, route, policy: { base: text, head: text } })).toEqual([]);
  });

  testWithKubectl('has a base that is rendered as kubectl renders it', () => {
    const { text } = kubectlKustomize(BASE);
    const rendered = renderKustomization(BASE, BASE_KINDS).map(manifestYaml).join('---\n');
    expect(rendered).toBe(text);
  });

  test('passes with the scaffold of base', () => {
    expect(checkBase(texts(BASE), 'mcp-servers').problems).toEqual([]);
  });
});

describe('the paths of a pull request', () => {
  test('name servers, base and policy, and nothing of the rest', () => {
    const touched = touchedPaths({
      all: ['servers/a/x.yaml', 'servers/a/sub/y.yaml', 'base/n.yaml', 'mcp-hosting.yml', 'servers/z'],
      removed: [],
    });
    expect(touched).toEqual({
      servers: new Map([['a', new Set(['x.yaml', 'sub'])]]),
      base: new Set(['n.yaml']),
      policy: true,
      strays: ['servers/z'],
    });
    expect(touchesNothing(touchedPaths({ all: ['README.md', 'argocd/x.yaml', 'servers/.gitkeep'], removed: [] }))).toBe(
      true,
    );
  });

  test.each(['servers', 'base', 'servers/hello-k3v9x2', 'servers/README.md'])(
    'name %s where no directory is',
    (path) => {
      const touched = touchedPaths({ all: [path], removed: [] });
      expect(told({ ...inputOf({ head: [] }), servers: new Map(), changedPaths: [path], touched })).toEqual([
        expect.stringMatching(
          new RegExp(
            `^failure ${path}:1 Cannot deploy ${path}: it is a file, a symbolic link or a submodule, expected a dir`,
          ),
        ),
      ]);
      expect(touchesNothing(touchedPaths({ all: [path], removed: [path] }))).toBe(true);
    },
  );

  test('beyond the server of a branch of the bot are told', () => {
    const input = inputOf({ head: texts(OVERLAY) }, { branchServerId: SERVER });
    const more = {
      ...input,
      changedPaths: [...input.changedPaths, 'servers/other-q7m2d4/x.yaml', '.github/workflows/x.yml'],
    };
    expect(told(input)).toEqual([]);
    expect(told(more)).toEqual([
      expect.stringMatching(/^failure \.github\/workflows\/x\.yml:1 .* belongs to that server alone/),
      expect.stringMatching(/^failure servers\/other-q7m2d4\/x\.yaml:1 /),
    ]);
  });
});

describe('a branch that is behind', () => {
  const edited = { ...OVERLAY, 'service.yaml': `${OVERLAY['service.yaml']}# Looked after by data.\n` };

  test('is checked as it will be merged: what it does not change is the base’s', () => {
    const stopped = {
      ...OVERLAY,
      'kustomization.yaml': (OVERLAY['kustomization.yaml'] ?? '').replace('count: 1', 'count: 0'),
    };
    const sides = { base: texts({ ...edited, 'service.yaml': 'kind: [' }), head: texts(stopped) };
    const input = inputOf(sides, {
      touched: touchedPaths({ all: [`servers/${SERVER}/kustomization.yaml`], removed: [] }),
      changedPaths: [`servers/${SERVER}/kustomization.yaml`],
    });
    expect(told(input)).toEqual([
      expect.stringContaining('service.yaml:1 Cannot render service.yaml: it is not valid YAML'),
    ]);
  });
});

describe('what was wrong before', () => {
  const open = {
    ...OVERLAY,
    'service.yaml': (OVERLAY['service.yaml'] ?? '').replace('spec:', 'spec:\n  type: NodePort'),
  };
  const stopped = {
    ...open,
    'kustomization.yaml': (OVERLAY['kustomization.yaml'] ?? '').replace('count: 1', 'count: 0'),
  };

  test('does not keep a server from being stopped, and is told', () => {
    const { problems, folders } = reviewManifests(inputOf({ base: texts(open), head: texts(stopped) }));
    expect(problems).toMatchObject([{ level: 'warning', message: expect.stringContaining('It was so before') }]);
    expect(folders).toMatchObject([{ path: `servers/${SERVER}`, change: 'changed' }]);
  });

  test('does not excuse anything new', () => {
    const worse = {
      ...open,
      'httproute.yaml': (OVERLAY['httproute.yaml'] ?? '').replace('mcp-gateway', 'kube-system'),
    };
    const levels = reviewManifests(inputOf({ base: texts(open), head: texts(worse) })).problems.map(
      ({ level }) => level,
    );
    expect(levels).toEqual(['failure', 'warning']);
  });

  test('is no matter once the server goes', () => {
    const input = inputOf({ base: texts(open), head: [] });
    expect(reviewManifests(input)).toMatchObject({ problems: [], folders: [{ change: 'removed', after: [] }] });
  });
});

describe('a custom domain', () => {
  const policy = 'merge: review\nroute: {clusterIssuer: letsencrypt-prod}\ncustomDomains: ["*.acme.com"]\n';
  const withDomain = (serverId: string, domain: string) =>
    renderOverlay({
      ...MINIMAL_OVERLAY,
      serverId,
      image: `ghcr.io/acme/mcp-servers/${serverId}`,
      host: `${serverId}.mcp.example.com`,
      route: GATEWAY,
      config: { ...MINIMAL_OVERLAY.config, domains: [domain] },
      policy: { route: { clusterIssuer: 'letsencrypt-prod' }, customDomains: ['*.acme.com'] },
    });
  const files = withDomain(SERVER, 'tools.acme.com');
  const base = { policy: { base: policy, head: policy } };

  test('passes where the policy lists it', () => {
    expect(verdict(files, base)).toEqual([]);
    expect(verdict(files)).not.toEqual([]);
  });

  test.each([
    ['tools.acme.com', 'has it, expected'],
    ['*.acme.com', 'has it, which "*.acme.com" covers'],
  ])('is refused when another server has %s', (domain, said) => {
    const [line] = verdict(files, { ...base, claims: [{ serverId: 'hello-q7m2d4', domain }] });
    expect(line).toContain(`Cannot deploy the host "tools.acme.com": the server hello-q7m2d4 ${said}`);
  });

  test('is refused when two servers of one pull request take it', () => {
    const other = texts(withDomain('hello-q7m2d4', 'tools.acme.com'));
    const input = inputOf({ head: texts(files) }, base);
    const both = { ...input, servers: new Map([...input.servers, ['hello-q7m2d4', { base: [], head: other }]]) };
    const paths = [...input.changedPaths, ...other.map(({ name }) => `servers/hello-q7m2d4/${name}`)];
    const lines = told({ ...both, changedPaths: paths, touched: touchedPaths({ all: paths, removed: [] }) });
    expect(lines).toHaveLength(2);
  });

  test('of its own is no conflict', () => {
    expect(verdict(files, { ...base, claims: [{ serverId: SERVER, domain: 'tools.acme.com' }] })).toEqual([]);
  });
});

describe('a change of the policy', () => {
  const docker = {
    ...OVERLAY,
    'kustomization.yaml': (OVERLAY['kustomization.yaml'] ?? '').replace('newName: ghcr.io', 'newName: docker.io'),
  };
  const lax = 'registries: [docker.io]\n';
  const touching = (files: Files, policy: { base: string | null; head: string | null }) => {
    const input = inputOf({ head: texts(files) }, { policy });
    const changedPaths = [...input.changedPaths, 'mcp-hosting.yml'];
    return reviewManifests({ ...input, changedPaths, touched: touchedPaths({ all: changedPaths, removed: [] }) });
  };

  test('does not help the servers in the same pull request', () => {
    const review = touching(docker, { base: null, head: lax });
    expect(review.problems).toMatchObject([{ level: 'failure' }]);
    expect(review.policyChange).toEqual({ failuresByHead: 0 });
  });

  test('that cannot be read fails on its line', () => {
    const review = touching(OVERLAY, { base: null, head: 'merge: auto\nregistrys: []\n' });
    expect(review.problems).toMatchObject([{ path: 'mcp-hosting.yml', line: 2, level: 'failure' }]);
    expect(review.policyChange).toEqual({ failuresByHead: null });
  });

  test('is what counts where the policy of the base branch cannot be read', () => {
    expect(touching(docker, { base: 'merge: [', head: lax }).problems).toEqual([]);
    expect(verdict(OVERLAY, { policy: { base: 'merge: [', head: 'merge: [' } })).toEqual([
      expect.stringContaining('failure mcp-hosting.yml:1 '),
    ]);
  });
});

describe('the addresses of the cluster', () => {
  const policy = 'clusterRanges: [203.0.113.0/24]\n';
  const overlay = (cidr: string, clusterRanges: string[] = []) =>
    renderOverlay({
      ...MINIMAL_OVERLAY,
      route: GATEWAY,
      config: { ...MINIMAL_OVERLAY.config, egress: [{ cidr, ports: [443] }] },
      policy: { clusterRanges },
    });
  const said = (files: Files) => verdict(files, { policy: { base: policy, head: policy } });

  test('are kept from a server with an egress of its own', () => {
    expect(said(overlay('203.0.112.0/23', ['203.0.113.0/24']))).toEqual([]);
    expect(said(overlay('203.0.112.0/24'))).toEqual([]);
    expect(said(overlay('203.0.112.0/23'))).toEqual([
      expect.stringMatching(/^failure .*networkpolicy\.yaml:\d+ .* under except: 203\.0\.113\.0\/24$/),
    ]);
    expect(said(overlay('203.0.113.128/25'))).toEqual([
      expect.stringContaining("it lies in the cluster's own addresses, expected another one"),
    ]);
  });
});

describe('a change of base', () => {
  const change = (file: string, from: string, to: string): string[] => {
    const text = BASE[file] ?? '';
    expect(text).toContain(from);
    return checkBase(texts({ ...BASE, [file]: text.replace(from, to) }), 'mcp-servers').problems.map(
      ({ message }) => message,
    );
  };

  test.each([
    ['namespace.yaml', 'enforce: restricted', 'enforce: privileged', '"restricted"'],
    ['namespace.yaml', 'name: mcp-servers', 'name: kube-system', '"mcp-servers"'],
    ['kustomization.yaml', '  - network-policy.yaml\n', '', 'a NetworkPolicy that denies all'],
    ['kustomization.yaml', '  - resource-quota.yaml\n', '', 'a ResourceQuota'],
    ['resource-quota.yaml', '    limits.memory: ', '    requests.storage: ', 'a ResourceQuota without scopes'],
    ['limit-range.yaml', '        memory: 4Gi\n', '', 'a LimitRange with the max of cpu and memory'],
    ['namespace.yaml', 'enforce-version: latest', 'enforce-version: v1.0', 'it is an older standard'],
    [
      'network-policy.yaml',
      'metadata:\n  name: deny-all\n',
      'metadata:\n  name: deny-all\n  annotations: {argocd.argoproj.io/hook: Skip}\n',
      'Argo CD takes a hook away',
    ],
    [
      'network-policy.yaml',
      '  podSelector: {}\n',
      '  podSelector: {matchLabels: {a: b}}\n',
      'a NetworkPolicy that denies all',
    ],
    ['network-policy.yaml', '              - 169.254.0.0/16\n', '', 'private ranges lie in it'],
    [
      'network-policy.yaml',
      '              - 168.63.129.16/32\n',
      '',
      'private ranges lie in it, or addresses where clouds tell credentials, expected them under except: 168.63.129.16/32',
    ],
    ['network-policy.yaml', 'kind: NetworkPolicy', 'kind: ClusterRole', 'another kind of object'],
    ['kustomization.yaml', '  - namespace.yaml\n', '  - https://evil.example/x.yaml\n', 'is of another form'],
  ])('in %s: "%s" fails', (file, from, to, said) => {
    expect(change(file, from, to).join('\n')).toContain(said);
  });
});

describe('a network policy of base', () => {
  const policy = (spec: string): string[] => {
    const meta = 'metadata: {name: more, namespace: mcp-servers}';
    const more = `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${meta}\nspec: ${spec}\n`;
    const files = { ...BASE, 'network-policy.yaml': `${BASE['network-policy.yaml']}${more}` };
    return checkBase(texts(files), 'mcp-servers').problems.map(({ message }) => message);
  };
  const from = (peer: string) => policy(`{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [${peer}]}]}`);
  const to = (peer: string) => policy(`{podSelector: {}, policyTypes: [Egress], egress: [{to: [${peer}]}]}`);
  const named = (name: string) => `{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${name}}}}`;

  test.each([
    [from('{ipBlock: {cidr: 0.0.0.0/0}}'), 'it lets everybody in'],
    [from('{namespaceSelector: {}}'), 'it is nearly every namespace'],
    [
      from('{namespaceSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}'),
      'it is nearly every namespace',
    ],
    [from('{podSelector: {}}'), 'it is pods of the servers themselves'],
    [from(named('mcp-servers')), 'it is the namespace of the servers themselves'],
    [to('{podSelector: {matchLabels: {app: mcp-server}}}'), 'it is pods of the servers themselves'],
    [to('{namespaceSelector: {}}'), 'it is nearly every namespace'],
    [to('{ipBlock: {cidr: 169.254.169.254/32}}'), 'clouds tell credentials at an address in it'],
    [to('{ipBlock: {cidr: 100.100.0.0/16}}'), 'them under except: 100.100.100.200/32'],
    [to('{ipBlock: {cidr: 10.1.0.0/8}}'), 'it is no range of addresses'],
  ])('that opens too much fails: %j', (messages, said) => {
    expect(messages).toEqual([expect.stringContaining(said)]);
  });

  test("may open what the platform's people name", () => {
    expect(from(named('ingress-nginx'))).toEqual([]);
    expect(to('{ipBlock: {cidr: 10.1.2.3/32}}')).toEqual([]);
    expect(to('{ipBlock: {cidr: 100.100.0.0/16, except: [100.100.100.0/24]}}')).toEqual([]);
  });
});

test('folders and submodules that a pull request leaves in place are seen too', () => {
  const entries: OverlayEntry[] = [...texts(OVERLAY), { name: 'nested', kind: 'folder' }];
  const input = inputOf(
    { base: entries, head: entries },
    {
      touched: touchedPaths({ all: [`servers/${SERVER}/nested/x.yaml`], removed: [] }),
      changedPaths: [`servers/${SERVER}/nested/x.yaml`],
    },
  );
  expect(told(input)).toEqual([expect.stringMatching(/^warning .*nested:1 .*it is a folder.*It was so before$/)]);
});
