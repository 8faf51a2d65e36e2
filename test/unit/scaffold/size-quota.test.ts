import { describe, expect, test } from '@jest/globals';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { readManifests } from '../../../src/domain/read-manifests.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { parseCpuMillis, parseMemoryBytes } from '../../../src/domain/resource-quantities.ts';
import { sizeQuota } from '../../../src/domain/scaffold/size-quota.ts';
import { MINIMAL_OVERLAY } from '../domain/overlay-cases.ts';

const GATEWAY = { kind: 'gateway', gatewayName: 'mcp', gatewayNamespace: 'gateway' } as const;
const INGRESS = { kind: 'ingress', className: 'nginx', clusterIssuer: 'letsencrypt-prod' } as const;

const INSTALLATIONS = [
  { route: GATEWAY, toZero: false, wakeServices: false },
  { route: GATEWAY, toZero: true, wakeServices: false },
  { route: INGRESS, toZero: false, wakeServices: false },
  { route: INGRESS, toZero: true, wakeServices: true },
];

describe.each(INSTALLATIONS)('the quota of an installation with $route.kind, to zero: $toZero', (installation) => {
  const { route, toZero, wakeServices } = installation;
  const each = needsOf({
    ...MINIMAL_OVERLAY,
    route,
    policy: { route: { clusterIssuer: 'letsencrypt-prod' }, scaling: { toZero } },
    config: { ...MINIMAL_OVERLAY.config, domains: ['a.example.org'], scaling: { min: toZero ? 0 : 1, max: 1 } },
  });

  test.each([1, 2, 3, 7, 10, 99, 100, 101, 200, 5_000])(
    'has room for %i servers with the defaults, previews and surge',
    (servers) => {
      const size = sizeQuota({ servers, wakeServices });

      const hosted = servers + size.previews;
      const pods = hosted + size.surge;
      expect(size.pods).toBeGreaterThanOrEqual(pods);
      expect(parseCpuMillis(size.requestsCpu)).toBeGreaterThanOrEqual(pods * each.requestsCpu);
      expect(parseCpuMillis(size.limitsCpu)).toBeGreaterThanOrEqual(pods * each.limitsCpu);
      expect(parseMemoryBytes(size.requestsMemory)).toBeGreaterThanOrEqual(pods * each.requestsMemory);
      expect(parseMemoryBytes(size.limitsMemory)).toBeGreaterThanOrEqual(pods * each.limitsMemory);
      expect(size.services).toBeGreaterThanOrEqual(hosted * each.services);
    },
  );
});

interface DeploymentSpec {
  template: { spec: { containers: [{ resources: Record<'requests' | 'limits', { cpu: string; memory: string }> }] } };
}

function needsOf(input: OverlayInput) {
  const { 'kustomization.yaml': _, ...files } = renderOverlay(input);
  const manifests = Object.entries(files).flatMap(([file, text]) => readManifests(text, file));
  const [deployment] = manifests.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec as DeploymentSpec);
  if (!deployment) throw new Error('Cannot count: there is no Deployment');
  const { requests, limits } = deployment.template.spec.containers[0].resources;
  return {
    requestsCpu: parseCpuMillis(requests.cpu) ?? Number.NaN,
    requestsMemory: parseMemoryBytes(requests.memory) ?? Number.NaN,
    limitsCpu: parseCpuMillis(limits.cpu) ?? Number.NaN,
    limitsMemory: parseMemoryBytes(limits.memory) ?? Number.NaN,
    services: manifests.filter(({ kind }) => kind === 'Service').length,
  };
}
