import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { DEFAULT_RESOURCES } from '../../../src/domain/parse-server-config.ts';

const gateway: OverlayInput['route'] = { kind: 'gateway', gatewayName: 'mcp-servers', gatewayNamespace: 'mcp-gateway' };

const minimal: OverlayInput = {
  serverId: 'stripe-k3v9x2',
  serverName: 'stripe',
  namespace: 'mcp-servers',
  image: 'ghcr.io/acme/mcp-servers/stripe-k3v9x2',
  digest: 'sha256:9b1e7f3c2d4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3e4',
  version: '4f2c1aa',
  replicas: 1,
  host: 'stripe-k3v9x2.mcp.example.com',
  route: { kind: 'ingress', className: 'nginx', clusterIssuer: 'letsencrypt-prod' },
  source: { repository: { owner: 'acme', name: 'stripe' }, commitSha: '4f2c1aa8d0e6b7c5f3a2918e7d6c5b4a39281706' },
  config: { resources: DEFAULT_RESOURCES, env: [], access: 'private', sessions: 'shared' },
};

const domains = ['payments.acme.com', 'tools.acme.com'];

const autoscaled: OverlayInput = {
  ...minimal,
  config: { ...minimal.config, sessions: 'isolated', scaling: { min: 2, max: 6, requestsPerSecond: 25 } },
  policy: { scaling: { auto: true, requestMetric: true } },
};

const toZero: OverlayInput = {
  ...minimal,
  route: gateway,
  config: { ...minimal.config, scaling: { min: 0, max: 3 } },
  policy: { scaling: { toZero: true } },
};

/** One overlay for each thing that an installation or a `.mcp-hosting.yml` can ask for. */
export const OVERLAY_CASES: Record<string, OverlayInput> = {
  ingress: minimal,
  gateway: { ...minimal, route: gateway },
  env: { ...minimal, route: gateway, config: { ...minimal.config, env: ['STRIPE_API_KEY', 'LOG_LEVEL'] } },
  'external-secrets': {
    ...minimal,
    route: gateway,
    config: { ...minimal.config, env: ['STRIPE_API_KEY', 'LOG_LEVEL'], secrets: 'external' },
    policy: { secrets: { store: { name: 'vault' }, path: 'prod/mcp/{server-id}' } },
  },
  monitored: { ...minimal, route: gateway, policy: { monitoring: true } },
  public: { ...minimal, route: gateway, config: { ...minimal.config, access: 'public' } },
  egress: {
    ...minimal,
    route: gateway,
    config: {
      ...minimal.config,
      egress: [
        { cidr: '203.0.113.0/24', ports: [443, 8443] },
        { cidr: '0.0.0.0/0', ports: [443] },
        { cidr: '2001:db8::/32', ports: [443] },
      ],
    },
  },
  'cluster-ranges': {
    ...minimal,
    route: gateway,
    config: { ...minimal.config, egress: [{ cidr: '192.0.0.0/4', ports: [443] }] },
    policy: { clusterRanges: ['203.0.113.0/24', '2001:db8::/32'] },
  },
  'rate-limit': { ...minimal, config: { ...minimal.config, rateLimit: { requestsPerMinute: 120 } } },
  isolated: { ...minimal, config: { ...minimal.config, sessions: 'isolated' } },
  replicas: { ...minimal, replicas: 2, config: { ...minimal.config, scaling: { min: 2, max: 2 } } },
  'envoy-gateway': {
    ...minimal,
    route: gateway,
    replicas: 2,
    config: {
      ...minimal.config,
      sessions: 'isolated',
      scaling: { min: 2, max: 2 },
      rateLimit: { requestsPerMinute: 120 },
    },
    policy: { route: { implementation: 'envoy-gateway' } },
  },
  autoscaling: autoscaled,
  'autoscaling-cpu': {
    ...autoscaled,
    route: gateway,
    config: { ...minimal.config, access: 'public', scaling: { min: 1, max: 3 } },
    policy: { route: { implementation: 'envoy-gateway' }, scaling: { auto: true } },
  },
  'autoscaling-stopped': { ...autoscaled, replicas: 0 },
  'scale-to-zero': toZero,
  'scale-to-zero-held': { ...toZero, replicas: 0 },
  'scale-to-zero-ingress': {
    ...toZero,
    route: minimal.route,
    config: { ...toZero.config, scaling: { min: 0, max: 1 } },
  },
  wildcard: { ...minimal, policy: { route: { wildcardSecret: 'mcp-wildcard-tls' } } },
  domains: { ...minimal, config: { ...minimal.config, domains } },
  'domains-wildcard': {
    ...minimal,
    config: { ...minimal.config, domains },
    policy: { route: { wildcardSecret: 'mcp-wildcard-tls' } },
  },
  'domains-gateway': {
    ...minimal,
    route: gateway,
    config: { ...minimal.config, domains },
    policy: { route: { clusterIssuer: 'letsencrypt-prod' }, customDomains: ['*.acme.com'] },
  },
  placement: {
    ...minimal,
    route: gateway,
    policy: {
      nodePool: { label: 'mcp-hosting.dev/pool', value: 'servers' },
      runtimeClass: 'gvisor',
      hostUsers: false,
      registryMirror: 'mirror.example.org:5000/ghcr',
    },
  },
  stopped: { ...minimal, route: gateway, replicas: 0 },
  preview: {
    ...minimal,
    route: gateway,
    serverId: 'stripe-pr-17-w8h4tz',
    serverName: 'Stripe: "payments" & more #17',
    image: 'ghcr.io/acme/mcp-servers/stripe-pr-17-w8h4tz',
    host: 'stripe-pr-17-w8h4tz.mcp.example.com',
    // Read as a number, this commit would be out of every range.
    version: '12e4567',
    source: { repository: { owner: 'acme', name: 'stripe' }, commitSha: '12e4567000000000000000000000000000000000' },
  },
};

export const MINIMAL_OVERLAY = minimal;
