import { expect, test } from '@jest/globals';
import { type ClusterOffer, clusterOffer } from '../../../src/domain/cluster-offer.ts';
import type { OverlayPolicy } from '../../../src/domain/deployments-policy.ts';
import type { RouteSettings } from '../../../src/domain/overlay-input.ts';

const gateway: RouteSettings = { kind: 'gateway', gatewayName: 'mcp', gatewayNamespace: 'gateway' };
const ingress = (className: string): RouteSettings => ({ kind: 'ingress', className, clusterIssuer: 'letsencrypt' });

test.each<[string, RouteSettings, OverlayPolicy, Partial<ClusterOffer>]>([
  ['nothing beyond the basics by default', gateway, {}, { autoscaling: false, scaleToZero: false, customDomains: [] }],
  ['no affinity on a Gateway of an unknown kind', gateway, {}, { affinity: false }],
  ['affinity on Envoy Gateway', gateway, { route: { implementation: 'envoy-gateway' } }, { affinity: true }],
  [
    'none where the policy names nginx for a Gateway',
    gateway,
    { route: { implementation: 'nginx' } },
    { affinity: false },
  ],
  ['affinity on an ingress class of nginx', ingress('nginx-public'), {}, { affinity: true }],
  ['none on another class', ingress('traefik'), {}, { affinity: false }],
  [
    'affinity where the policy says nginx',
    ingress('public'),
    { route: { implementation: 'nginx' } },
    { affinity: true },
  ],
  ['none where the policy says other', ingress('nginx'), { route: { implementation: 'other' } }, { affinity: false }],
  ['scaling', gateway, { scaling: { auto: true, toZero: true } }, { autoscaling: true, scaleToZero: true }],
  ['no domains on a Gateway without an issuer', gateway, { customDomains: ['*.a.org'] }, { customDomains: [] }],
  [
    'domains on a Gateway with one',
    gateway,
    { customDomains: ['*.a.org'], route: { clusterIssuer: 'x' } },
    { customDomains: ['*.a.org'] },
  ],
  ['no store by default', gateway, { secrets: { path: 'a/{server-id}' } }, { externalSecrets: 'none' }],
  ['a store', gateway, { secrets: { store: { name: 'vault' } } }, { externalSecrets: 'offered' }],
  [
    'a store for all',
    gateway,
    { secrets: { default: 'external', store: { name: 'vault' } } },
    { externalSecrets: 'default' },
  ],
  ['domains on an Ingress', ingress('nginx'), { customDomains: ['*.a.org'] }, { customDomains: ['*.a.org'] }],
])('clusterOffer: %s', (_, route, policy, expected) => {
  expect(clusterOffer({ route, policy, ownDomain: 'mcp.example.com', takenDomains: [] })).toMatchObject(expected);
});
