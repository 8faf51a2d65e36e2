import { describe, expect, test } from '@jest/globals';
import type { ClusterOffer } from '../../../src/domain/cluster-offer.ts';
import { CONFIG_PROBLEMS_MAX, DEFAULT_RESOURCES, parseServerConfig } from '../../../src/domain/parse-server-config.ts';
import type { ServerConfig } from '../../../src/domain/server-config.ts';

const defaults: ServerConfig = {
  env: [],
  resources: DEFAULT_RESOURCES,
  scaling: { min: 1, max: 1 },
  secrets: 'cluster',
  access: 'private',
  sessions: 'shared',
};

function configOf(text: string | null): ServerConfig {
  const parsed = parseServerConfig(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

/** `line-endLine path: message`, one a problem. */
function problemsOf(text: string): string[] {
  const parsed = parseServerConfig(text);
  if (parsed.ok) return [];
  return parsed.problems.map(({ line, endLine, path, message }) => `${line}-${endLine} ${path}: ${message}`);
}

describe('parseServerConfig takes', () => {
  test.each<[string, string | null]>([
    ['no file', null],
    ['an empty file', ''],
    ['comments alone', '# to be filled in\n\n'],
    ['an empty document', '---\n...\n'],
    ['an empty mapping', '{}'],
    ['a byte order mark', '\ufeff# nothing\n'],
  ])('%s as the defaults', (_, text) => {
    expect(configOf(text)).toEqual(defaults);
  });

  test('every key', () => {
    const config = configOf(`
name: Stripe payments
runtime: node
command: [node, dist/server.js, "--mode=x y"]
env:
  - STRIPE_API_KEY
  - _DEBUG
resources:
  requests: {cpu: 200m, memory: 256Mi}
  limits: {cpu: 1, memory: 1.5Gi}
scaling: {min: 2, max: 2}
secrets: cluster
access: public
rateLimit: {requestsPerMinute: 120}
egress:
  - cidr: 203.0.113.0/24
    ports: [443, 8443]
  - cidr: 2001:db8::/32
    ports: [443]
sessions: shared
`);

    expect(config).toEqual({
      name: 'Stripe payments',
      runtime: 'node',
      command: ['node', 'dist/server.js', '--mode=x y'],
      env: ['STRIPE_API_KEY', '_DEBUG'],
      resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { cpu: '1', memory: '1.5Gi' } },
      scaling: { min: 2, max: 2 },
      secrets: 'cluster',
      access: 'public',
      rateLimit: { requestsPerMinute: 120 },
      egress: [
        { cidr: '203.0.113.0/24', ports: [443, 8443] },
        { cidr: '2001:db8::/32', ports: [443] },
      ],
      sessions: 'shared',
    });
  });

  test('CRLF and flow style', () => {
    expect(configOf('name: a\r\nenv: [A]\r\n')).toEqual({ ...defaults, name: 'a', env: ['A'] });
  });

  test('no egress as none at all, and an empty list as DNS alone', () => {
    expect(configOf('name: a').egress).toBeUndefined();
    expect(configOf('egress: []').egress).toEqual([]);
  });

  test.each([
    ['limits: {memory: 64Mi}', { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '500m', memory: '64Mi' } }],
    ['limits: {memory: 1Gi}', { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '1Gi' } }],
    ['requests: {cpu: 2}', { requests: { cpu: '2', memory: '128Mi' }, limits: { cpu: '2', memory: '256Mi' } }],
    ['requests: {cpu: 50m}', { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } }],
  ])('resources with one side, %s, and moves the other along', (text, resources) => {
    expect(configOf(`resources: {${text}}`).resources).toEqual(resources);
  });

  test('scaling with min alone', () => {
    expect(configOf('scaling: {min: 3}').scaling).toEqual({ min: 3, max: 3 });
  });
});

describe('parseServerConfig refuses', () => {
  test.each<[string, string[]]>([
    ['runtme: node', ['1-1 runtme: Cannot use the key "runtme": it is unknown, expected "runtime"']],
    ['environment: [A]', ['1-1 environment: Cannot use the key "environment": it is unknown, expected "env"']],
    ['rate_limit: {}', ['1-1 rate_limit: Cannot use the key "rate_limit": it is unknown, expected "rateLimit"']],
    [
      'scaling: {minimum: 1}',
      ['1-1 scaling.minimum: Cannot use the key "minimum" in scaling: it is unknown, expected "min"'],
    ],
    [
      'resources:\n  limits:\n    mem: 1Gi',
      ['3-3 resources.limits.mem: Cannot use the key "mem" in resources.limits: it is unknown, expected "memory"'],
    ],
    [
      'resources:\n  gpu: 1',
      ['2-2 resources.gpu: Cannot use the key "gpu" in resources: it is unknown, expected one of "requests", "limits"'],
    ],
    [
      '__proto__: {a: 1}',
      [
        '1-1 __proto__: Cannot use the key "__proto__": it is unknown, expected one of "name", "runtime", "command", "env", "resources", "scaling", "domains", "secrets", "access", "rateLimit", "egress", "sessions"',
      ],
    ],
    ['# x\nruntime: ruby', ['2-2 runtime: Cannot use runtime: it is "ruby", expected "node", "python" or "docker"']],
    ['runtime:\nname: a', ['1-1 runtime: Cannot use runtime: it is empty, expected "node", "python" or "docker"']],
    [
      'name: ""',
      ['1-1 name: Cannot use name: it is empty, expected a name of 1 to 100 visible characters on one line'],
    ],
    ['name: 5', ['1-1 name: Cannot use name: it is 5, expected a name of 1 to 100 visible characters on one line']],
    [
      `name: ${'a'.repeat(101)}`,
      [
        '1-1 name: Cannot use name: it has more than 100 characters, expected a name of 1 to 100 visible characters on one line',
      ],
    ],
    [
      'name: "a\\u202eb"',
      ['1-1 name: Cannot use name: it is another text, expected a name of 1 to 100 visible characters on one line'],
    ],
    [
      'command: node server.js',
      [
        '1-1 command: Cannot use command: it is another text, expected a list of strings: the program that speaks MCP over stdin and stdout, and its arguments',
      ],
    ],
    [
      'command: []',
      [
        '1-1 command: Cannot use command: it is an empty list, expected a list of strings: the program that speaks MCP over stdin and stdout, and its arguments',
      ],
    ],
    [
      'command:\n  - node\n  - 5\n  - "a\\0"',
      [
        '3-3 command[1]: Cannot use command[1]: it is 5, expected a string of 1 to 1024 characters without control characters',
        '4-4 command[2]: Cannot use command[2]: it is another text, expected a string of 1 to 1024 characters without control characters',
      ],
    ],
    [
      'env:\n  - lower',
      [
        '2-2 env[0]: Cannot use env[0]: it is another text, expected a name of capital letters, digits and underscores that does not begin with a digit',
      ],
    ],
    [
      'env: [MCP_WRAPPER_PORT, MCP_SERVER_ID, MCP_SERVER_IDS]',
      [
        '1-1 env[0]: Cannot use env[0]: the name belongs to the wrapper, expected one that is not MCP_SERVER_ID and does not begin with MCP_WRAPPER_',
        '1-1 env[1]: Cannot use env[1]: the name belongs to the wrapper, expected one that is not MCP_SERVER_ID and does not begin with MCP_WRAPPER_',
      ],
    ],
    ['env: [A, B, A]', ['1-1 env[2]: Cannot use env[2]: it is the same as env[0], expected each once']],
    [
      'resources:\n  requests: {memory: 1Gi}\n  limits:\n    memory: 512Mi',
      [
        '2-2 resources.requests.memory: Cannot use resources.requests.memory: it is above the limit of 512Mi, expected a request at or below its limit',
      ],
    ],
    [
      'resources: {limits: {cpu: 5, memory: 1Mi}}',
      [
        '1-1 resources.limits.cpu: Cannot use resources.limits.cpu: it is 5, expected a CPU quantity from 10m to 4',
        '1-1 resources.limits.memory: Cannot use resources.limits.memory: it is "1Mi", expected a memory quantity from 32Mi to 4Gi',
      ],
    ],
    [
      'resources: {limits: {cpu: -1, memory: 1 GB}}',
      [
        '1-1 resources.limits.cpu: Cannot use resources.limits.cpu: it is -1, expected a CPU quantity from 10m to 4',
        '1-1 resources.limits.memory: Cannot use resources.limits.memory: it is "1 GB", expected a memory quantity from 32Mi to 4Gi',
      ],
    ],
    [
      'resources: 1Gi',
      ['1-1 resources: Cannot use resources: it is "1Gi", expected a mapping with requests and limits'],
    ],
    [
      'scaling:\n  min: 0\n  max: 5',
      [
        '2-2 scaling.min: Cannot use scaling.min: it is 0, which needs autoscaling, which this installation does not offer, expected 1 or more',
      ],
    ],
    [
      'scaling:\n  max: 5',
      [
        '2-2 scaling.max: Cannot use scaling.max: it is above min, which needs autoscaling, which this installation does not offer, expected 1, the same as min',
      ],
    ],
    [
      'scaling: {min: 3, max: 2}',
      ['1-1 scaling.max: Cannot use scaling.max: it is below min, expected 3, the same as min'],
    ],
    [
      'scaling: {min: 1.5}',
      ['1-1 scaling.min: Cannot use scaling.min: it is 1.5, expected a whole number from 0 to 10'],
    ],
    ['scaling: {min: 11}', ['1-1 scaling.min: Cannot use scaling.min: it is 11, expected a whole number from 0 to 10']],
    [
      'access: yes',
      [
        '1-1 access: Cannot use access: it is "yes", expected "private" (clients send an access key) or "public" (anyone who knows the URL)',
      ],
    ],
    [
      'rateLimit: {requestsPerMinute: 0}',
      [
        '1-1 rateLimit.requestsPerMinute: Cannot use rateLimit.requestsPerMinute: it is 0, expected a whole number from 1 to 60000',
      ],
    ],
    [
      'rateLimit: {}',
      [
        '1-1 rateLimit: Cannot use rateLimit: the key "requestsPerMinute" is missing, expected a mapping with requestsPerMinute',
      ],
    ],
    [
      'egress:\n  - cidr: 10.0.0.0/8\n    ports: [443]\n  - cidr: 1.2.3.4\n    ports: [0]\n  - ports: []',
      [
        '2-2 egress[0].cidr: Cannot use egress[0].cidr: it is a private or reserved range, expected a public one',
        '4-4 egress[1].cidr: Cannot use egress[1].cidr: it is "1.2.3.4", which is no whole range, expected "1.2.3.4/32"',
        '5-5 egress[1].ports[0]: Cannot use egress[1].ports[0]: it is 0, expected a port number from 1 to 65535',
        '6-6 egress[2]: Cannot use egress[2]: the key "cidr" is missing, expected a mapping with cidr and ports',
        '6-6 egress[2].ports: Cannot use egress[2].ports: it is an empty list, expected a list of 1 to 16 port numbers',
      ],
    ],
    [
      'egress:\n  - {cidr: 203.0.113.7/24, ports: [443]}\n  - {cidr: 169.254.169.254, ports: [80]}',
      [
        '2-2 egress[0].cidr: Cannot use egress[0].cidr: it is "203.0.113.7/24", which is no whole range, expected "203.0.113.0/24"',
        '3-3 egress[1].cidr: Cannot use egress[1].cidr: it is a private or reserved range, expected a public one',
      ],
    ],
    [
      'env: [1]',
      [
        '1-1 env[0]: Cannot use env[0]: it is 1, expected a name of capital letters, digits and underscores that does not begin with a digit',
      ],
    ],
  ])('%j', (text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test('everything at once, in the order of the lines', () => {
    const text = 'sessions: own\nruntime: ruby\nname: a\nname: b\nfoo: 1\n';

    expect(problemsOf(text).map((problem) => problem.split(':')[0])).toEqual([
      '1-1 sessions',
      '2-2 runtime',
      '4-4 name',
      '5-5 foo',
    ]);
  });

  test('a block by all of its lines', () => {
    expect(problemsOf('runtime:\n  - node\n  - python\n\n# end\n')[0]).toMatch(/^2-3 runtime/);
  });

  test('no more problems than GitHub takes annotations', () => {
    const text = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join('\n');

    expect(problemsOf(text)).toHaveLength(CONFIG_PROBLEMS_MAX);
  });
});

describe('parseServerConfig refuses as YAML', () => {
  const unreadable = (message: string, lines = '1-1') => [`${lines} : Cannot read .mcp-hosting.yml: ${message}`];

  test.each<[string, string[]]>([
    ['name', unreadable('its content is a single value, expected a mapping of keys to values')],
    ['# x\n- name', unreadable('its content is a list, expected a mapping of keys to values', '2-2')],
    ['name: a\n---\nname: b', unreadable('it has several documents, expected one', '2-2')],
    ['env:\n\t- A', unreadable('a line is indented with a tab, expected spaces', '2-2')],
    [
      'a: &x [1]\nb: *x',
      [
        ...unreadable('an anchor (&name) is used, expected the plain value'),
        ...unreadable('an alias (*name) is used, expected the value itself', '2-2'),
      ],
    ],
    [
      'name: !!js/function x',
      unreadable('a tag (!name) is used, expected the plain value, in quotes when it begins with !'),
    ],
    ['name: "a', unreadable('a quote, bracket, comma or colon is missing here, expected it closed')],
    [
      'env: [A',
      unreadable(
        'the indentation of this line does not fit the lines above it, expected the same as its neighbours, and every bracket closed',
      ),
    ],
    ['name: @a', unreadable('a value begins with a reserved character (@ or `), expected the value in quotes')],
    ['? [a]\n: 1', unreadable('a key is not a plain word, expected "key: value"')],
    ['x'.repeat(65_537), unreadable('it is over 64 KiB, expected less')],
  ])('%j', (text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test.each([
    ['an indented key', 'name: a\n  runtime: node'],
    ['an unknown alias', 'name: *x'],
    ['deep nesting', '['.repeat(60_000)],
    ['deep block nesting', Array.from({ length: 300 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
    [
      'an alias bomb',
      `a: &a [x]\n${'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${`*${'abcdefg'[index]},`.repeat(9)}]`)
        .join('\n')}`,
    ],
    ['a merge key', '<<: {name: a}'],
    ['a %YAML directive of another kind', '%FOO bar\n---\nname: a'],
    ['binary', '\u0000\u0001\u0002: \u0003'],
    ['only brackets', '{[}]'],
  ])('%s', (_, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});

describe('parseServerConfig never repeats what may be a secret', () => {
  const secret = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc';

  test.each([
    `env:\n  STRIPE_API_KEY: ${secret}`,
    `env:\n  - STRIPE_API_KEY: ${secret}`,
    `env:\n  - STRIPE_API_KEY=${secret}`,
    `env:\n  - name: STRIPE_API_KEY\n    value: ${secret}`,
    `env: STRIPE_API_KEY=${secret}`,
    `env: {STRIPE_API_KEY: "${secret}"}`,
  ])('%j, and says where values belong', (text) => {
    const [problem, ...others] = problemsOf(text);

    expect(problem).toContain("Values belong in the server's Secret");
    expect(others).toEqual([]);
    expect(problem).not.toContain('sk_live');
  });

  test.each([
    `env:\n  - ${secret}`,
    `env: ${secret}`,
    `command: run --token=${secret}`,
    `command: [{token: ${secret}}]`,
    `access: ${secret}`,
    `runtime: ${secret}`,
    `name: "${secret}\\0"`,
    `name: ${secret}: x`,
    `name: "${secret}`,
    `name: *${secret}`,
    `name: !${secret} x`,
    `resources: {limits: {cpu: ${secret}}}`,
    `egress: [{cidr: ${secret}, ports: [443]}]`,
    `name: a\n---\n${secret}`,
    `${secret}`,
    `name: [${secret}`,
    `name: a}\n  ${secret}: }`,
  ])('%j', (text) => {
    const problems = problemsOf(text);

    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain('sk_live');
  });
});

describe('parseServerConfig by what the installation offers', () => {
  const everything: ClusterOffer = {
    autoscaling: true,
    scaleToZero: true,
    affinity: true,
    customDomains: ['tools.acme.com', '*.example.org', '*.hosted.example.com'],
    externalSecrets: 'offered',
    ownDomain: 'mcp.hosted.example.com',
  };
  const problemsBy = (text: string, offer: Partial<ClusterOffer>) => {
    const parsed = parseServerConfig(text, { ...everything, ...offer });
    return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line} ${message}`);
  };

  test.each<[string, ClusterOffer['externalSecrets'], ServerConfig['secrets']]>([
    ['env: [A]', 'offered', 'cluster'],
    ['env: [A]', 'default', 'external'],
    ['secrets: external', 'offered', 'external'],
    ['secrets: cluster', 'default', 'cluster'],
  ])('takes %j where a store is %s', (text, externalSecrets, expected) => {
    expect(parseServerConfig(text, { ...everything, externalSecrets })).toMatchObject({
      ok: true,
      config: { secrets: expected },
    });
  });

  test.each<[string, ServerConfig['scaling']]>([
    ['{min: 0}', { min: 0, max: 1 }],
    ['{min: 0, max: 4}', { min: 0, max: 4 }],
    ['{max: 5}', { min: 1, max: 5 }],
    ['{min: 2, max: 5, requestsPerSecond: 30}', { min: 2, max: 5, requestsPerSecond: 30 }],
  ])('takes scaling: %s', (scaling, expected) => {
    const parsed = parseServerConfig(`scaling: ${scaling}`, everything);

    expect(parsed).toMatchObject({ ok: true, config: { scaling: expected } });
    expect(parsed.ok && parsed.config.scaling).toEqual(expected);
  });

  test.each<[string, Partial<ClusterOffer>, string]>([
    [
      'name: a\nscaling:\n  min: 0',
      { scaleToZero: false },
      '3 Cannot use scaling.min: it is 0, which needs autoscaling',
    ],
    [
      'egress:\n  - {cidr: 203.0.113.0/25, ports: [443]}\n  - {cidr: 203.0.112.0/23, ports: [443]}',
      { clusterRanges: ['203.0.113.0/24'] },
      "2 Cannot use egress[0].cidr: it lies in the cluster's own addresses, expected another one",
    ],
    ['scaling:\n  min: 1\n  max: 2', { autoscaling: false }, '3 Cannot use scaling.max: it is above min, which needs'],
    [
      'sessions: isolated\nscaling:\n  min: 0\n  max: 2',
      {},
      "4 Cannot use scaling.max: sessions are isolated, and KEDA's interceptor cannot keep a session on one replica",
    ],
    [
      'sessions: isolated\nscaling: {min: 2}',
      { affinity: false },
      '2 Cannot use scaling.min: sessions are isolated, and the route of this installation is not known to keep',
    ],
    [
      'sessions: isolated\naccess: public\nscaling:\n  max: 2',
      {},
      '4 Cannot use scaling.max: sessions are isolated, and clients without a key cannot be told apart',
    ],
    [
      'domains:\n  - tools.acme.com\n  - tools.acme.net',
      {},
      '3 Cannot use domains[1]: this installation does not allow it, expected one of tools.acme.com, *.example.org',
    ],
    ['domains: [example.org]', {}, '1 Cannot use domains[0]: this installation does not allow it'],
    ['domains: [tools.acme.com]', { customDomains: [] }, '1 Cannot use domains[0]: this installation offers no custom'],
    [
      'domains: [other-k3v9x2.mcp.hosted.example.com]',
      {},
      "1 Cannot use domains[0]: it lies in the platform's own domain, expected a domain of yours",
    ],
    ['domains: [mcp.hosted.example.com]', {}, "1 Cannot use domains[0]: it lies in the platform's own domain"],
    ['domains: ["*.example.org"]', {}, '1 Cannot use domains[0]: it is another text, expected a host name in lower'],
    [
      'domains:\n  - a.example.org\n  - b.example.org',
      { takenDomains: ['b.example.org', 'c.example.org'] },
      '3 Cannot use domains[1]: another server has it, expected one of its own',
    ],
    ['domains: [a.example.org]', { takenDomains: ['*.example.org'] }, '1 Cannot use domains[0]: another server has it'],
    ['domains: [a.example.org, a.example.org]', {}, '1 Cannot use domains[1]: it is the same as domains[0]'],
    ['domains: a.example.org', {}, '1 Cannot use domains: it is '],
    [
      'env: [A]\nsecrets: external',
      { externalSecrets: 'none' },
      '2 Cannot use secrets: it is "external", which needs a store that the deployments policy names, expected "cluster"',
    ],
    [
      'domains: ["*.acme.com"]',
      { takenDomains: ['a.acme.com'] },
      'it is another text, expected a host name in lower case',
    ],
    ['domains: ["tools.acme.com:443"]', {}, 'it is another text, expected a host name in lower case'],
    ['access: key', {}, '1 Cannot use access: it is "key", expected "private"'],
  ])('refuses %j', (text, offer, expected) => {
    expect(problemsBy(text, offer)).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    'sessions: isolated\nscaling: {min: 2, max: 6}',
    'sessions: isolated\nscaling: {min: 0}',
    'access: public\nscaling: {min: 2, max: 6}',
    'domains: [tools.acme.com, a.b.example.org, x.hosted.example.com]',
  ])('takes %j', (text) => {
    expect(problemsBy(text, {})).toEqual([]);
  });
});
