import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { nonPublicRangesIn } from '../cidr.ts';
import type { OverlayInput } from '../overlay-input.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

/** Egress of a server that lists its networks: DNS and these alone, never the private parts of a wide range, nor the cluster's own. */
export function networkPolicyManifest(
  input: OverlayInput,
  egress: NonNullable<OverlayInput['config']['egress']>,
): NetworkPolicy {
  const labels = selectorLabels(input.serverId);
  return new NetworkPolicy({
    metadata: { name: serverObjectName(input.serverId), namespace: input.namespace, labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
        ...egress.map(({ cidr, ports }) => ({
          to: [{ ipBlock: ipBlock(cidr, input.policy?.clusterRanges) }],
          ports: ports.map((port) => ({ port, protocol: 'TCP' as const })),
        })),
      ],
    },
  });
}

function ipBlock(cidr: string, clusterRanges: readonly string[] = []): { cidr: string; except?: string[] } {
  const except = nonPublicRangesIn(cidr, clusterRanges);
  return except.length > 0 ? { cidr, except } : { cidr };
}
