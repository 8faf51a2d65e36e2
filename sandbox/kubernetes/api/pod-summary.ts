import type { Pod } from '../kubelet/pod.ts';
import type { KubeObject } from '../store/kube-object.ts';

/** A pod in three words, the way `kubectl get pods` sums it up. */
export function podSummary(object: KubeObject): { ready: string; status: string; restarts: number } {
  const pod = object as unknown as Pod;
  const containers = pod.status?.containerStatuses ?? [];
  const wanted = pod.spec.containers.length;
  return {
    ready: `${containers.filter((container) => container.ready).length}/${wanted}`,
    status: statusOf(pod),
    restarts: containers.reduce((sum, container) => sum + container.restartCount, 0),
  };
}

function statusOf(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const container of pod.status?.containerStatuses ?? []) {
    const reason = container.state.waiting?.reason ?? container.state.terminated?.reason;
    if (reason !== undefined) return reason;
  }
  return pod.status?.phase ?? 'Pending';
}
