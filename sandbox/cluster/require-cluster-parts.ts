import { UserError } from '../../src/domain/user-error.ts';
import { absentAsUndefined, type Cluster } from './connect-cluster.ts';

interface Part {
  group: string;
  /** For people. */
  name: string;
  cure: string;
}

const ARGOCD_MANIFESTS = 'https://raw.githubusercontent.com/argoproj/argo-cd/stable/manifests/install.yaml';
const GATEWAY_MANIFESTS =
  'https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.6.0/standard-install.yaml';

const PARTS: readonly Part[] = [
  {
    group: 'argoproj.io',
    name: 'Argo CD',
    cure: `kubectl create namespace argocd && kubectl apply --server-side --namespace argocd --filename ${ARGOCD_MANIFESTS}`,
  },
  {
    group: 'gateway.networking.k8s.io',
    name: 'the CRDs of Gateway API',
    cure: `kubectl apply --server-side --filename ${GATEWAY_MANIFESTS}`,
  },
];

/**
 * What a cluster must have before the scaffold is applied to it.
 * @throws UserError `cluster-incomplete` naming everything that is missing, with the command for each
 */
export async function requireClusterParts(cluster: Cluster, argocdNamespace: string): Promise<void> {
  const { groups } = await cluster.apis.getAPIVersions();
  const known = new Set(groups.map(({ name }) => name));
  const missing = PARTS.filter(({ group }) => !known.has(group));
  const namespace = await absentAsUndefined(cluster.core.readNamespace({ name: argocdNamespace }));
  const names = missing.map(({ name }) => name);
  const cures = missing.map(({ cure }) => cure);
  if (!namespace && !names.includes('Argo CD')) {
    names.push(`the namespace "${argocdNamespace}" of Argo CD`);
    cures.push('Set ARGOCD_NAMESPACE to the one that Argo CD runs in');
  }
  if (names.length === 0) return;
  throw new UserError(
    'cluster-incomplete',
    `Cannot use the cluster at ${cluster.server}: ${names.join(' and ')} ${names.length === 1 && !names[0]?.startsWith('the CRDs') ? 'is' : 'are'} missing, expected Argo CD and Gateway API to be installed`,
    cures.join('\n'),
  );
}
