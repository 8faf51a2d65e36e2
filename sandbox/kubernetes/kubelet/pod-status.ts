import { kubeTime } from '../store/kube-object.ts';
import type { ContainerStatus, Pod, PodStatus } from './pod.ts';

/** Sums the containers up, with the condition types of the kubelet. Pure. */
export function podStatusOf(pod: Pod, containers: ContainerStatus[], now: Date): PodStatus {
  const isReady = containers.length > 0 && containers.every((container) => container.ready);
  const hasStarted = containers.every((container) => container.containerID !== undefined);
  const unready = containers.filter((container) => !container.ready).map((container) => container.name);
  const before = pod.status?.conditions ?? [];
  const condition = (type: string, holds: boolean, reason?: string): PodStatus['conditions'][number] => {
    const status = holds ? 'True' : 'False';
    const same = before.find((each) => each.type === type && each.status === status);
    const lastTransitionTime = same?.lastTransitionTime ?? kubeTime(now);
    if (holds || reason === undefined) return { type, status, lastTransitionTime };
    const message = `containers with unready status: [${unready.join(' ')}]`;
    return { type, status, reason, lastTransitionTime, ...(unready.length > 0 ? { message } : {}) };
  };
  return {
    phase: hasStarted ? 'Running' : 'Pending',
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', isReady, 'ContainersNotReady'),
      condition('Ready', isReady, 'ContainersNotReady'),
    ],
    containerStatuses: containers,
    hostIP: '127.0.0.1',
    podIP: '127.0.0.1',
    startTime: pod.status?.startTime ?? kubeTime(now),
    qosClass: 'Burstable',
  };
}
