import { type KubernetesObject, PatchStrategy } from '@kubernetes/client-node';
import type { Cluster } from './connect-cluster.ts';

/** Under this name the API server remembers which fields the sandbox set. */
const FIELD_MANAGER = 'mcp-hosting-sandbox';

/** As `kubectl apply --server-side --force-conflicts` does, in the given order. */
export async function applyObjects({ objects }: Cluster, wanted: readonly object[]): Promise<void> {
  for (const object of wanted) {
    const named = object as KubernetesObject;
    try {
      await objects.patch(named, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
    } catch (error) {
      const name = `${named.kind} ${named.metadata?.name}`;
      throw new Error(`Cannot apply ${name} to the cluster: ${(error as Error).message}`, { cause: error });
    }
  }
}
