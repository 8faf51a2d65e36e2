import type { Manifest } from '../read-manifests.ts';
import { parseCpuMillis, parseMemoryBytes } from '../resource-quantities.ts';
import { type Finding, finding } from './finding.ts';
import type { QuotaBounds, QuotaName } from './overlay-rules.ts';

/** Of a rolling update, as every overlay has it. */
const SURGE_PODS = 1;

interface DeploymentSpec {
  replicas?: number;
  template: { spec: { containers: { resources?: Partial<Record<'requests' | 'limits', Record<string, unknown>>> }[] } };
}

/**
 * Whether a server fits into the namespace's quota were it there alone: its most pods, and the one that comes before an
 * old one goes. What the others leave of the quota is known when the pods start, and told then.
 *
 * @param manifests sound ones of one server
 * @returns findings in its Deployment
 */
export function checkRoom(manifests: readonly Manifest[], quota: QuotaBounds): Finding[] {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  if (!deployment) return [];
  const { replicas = 1, template } = deployment.spec as DeploymentSpec;
  const most = mostPods(manifests) ?? replicas;
  if (most === 0) return [];
  const pods = most + SURGE_PODS;
  const refuse = (name: QuotaName, path: (string | number)[]) =>
    finding(
      path,
      `${most === 1 ? '1 pod' : `${most} pods`} and one more while they are replaced need more ${name} than the namespace has for all servers`,
      'fewer or smaller pods, or a larger quota in base/resource-quota.yaml first',
    );
  const [container] = template.spec.containers;
  const resources = AMOUNTS.flatMap(({ name, side, resource, parse }) => {
    const each = parse(String(container?.resources?.[side]?.[resource]));
    const room = quota[name];
    if (each === undefined || room === undefined || pods * each <= room) return [];
    return [refuse(name, ['spec', 'template', 'spec', 'containers', 0, 'resources', side, resource])];
  });
  return quota.pods !== undefined && pods > quota.pods ? [refuse('pods', ['spec']), ...resources] : resources;
}

const AMOUNTS = [
  { name: 'requests.cpu', side: 'requests', resource: 'cpu', parse: parseCpuMillis },
  { name: 'requests.memory', side: 'requests', resource: 'memory', parse: parseMemoryBytes },
  { name: 'limits.cpu', side: 'limits', resource: 'cpu', parse: parseCpuMillis },
  { name: 'limits.memory', side: 'limits', resource: 'memory', parse: parseMemoryBytes },
] as const;

/** Where an autoscaler decides; KEDA makes one of a ScaledObject. */
function mostPods(manifests: readonly Manifest[]): number | undefined {
  for (const { kind, spec } of manifests) {
    if (kind === 'HorizontalPodAutoscaler') return (spec as { maxReplicas: number }).maxReplicas;
    if (kind === 'ScaledObject') return (spec as { maxReplicaCount: number }).maxReplicaCount;
  }
  return undefined;
}
