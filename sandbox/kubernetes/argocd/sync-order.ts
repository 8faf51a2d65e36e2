import type { Manifest } from '../store/kube-object.ts';

/** What others build on comes first, as in Argo CD. Kinds that are not listed come after them. */
const kindOrder = [
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'Role',
  'RoleBinding',
  'Service',
  'Pod',
  'Deployment',
  'Ingress',
];

/** By sync wave, then kind, then name. Waves are not waited for: nothing that this platform deploys needs it here. */
export function inSyncOrder<T extends { wanted?: Manifest }>(resources: T[]): T[] {
  const rank = ({ wanted }: T) => {
    const index = kindOrder.indexOf(wanted?.kind ?? '');
    return index < 0 ? kindOrder.length : index;
  };
  return [...resources].sort((a, b) => waveOf(a.wanted) - waveOf(b.wanted) || rank(a) - rank(b));
}

function waveOf(manifest: Manifest | undefined): number {
  return Number(manifest?.metadata.annotations?.['argocd.argoproj.io/sync-wave'] ?? 0) || 0;
}
