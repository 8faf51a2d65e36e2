import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { OverlayInput } from '../overlay-input.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

/**
 * Nodes that are drained take one pod of the server at a time. A pod that is not ready serves nobody and keeps no drain
 * waiting. A server with one pod gets none: its budget would block every drain.
 */
export function podDisruptionBudgetManifest(input: OverlayInput): PodDisruptionBudget {
  const labels = selectorLabels(input.serverId);
  return new PodDisruptionBudget({
    metadata: { name: serverObjectName(input.serverId), namespace: input.namespace, labels },
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: labels },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  });
}
