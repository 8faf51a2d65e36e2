import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { PodState } from '../../domain/cluster-state.ts';
import { boundedMessage, boundedWord } from './bounded-message.ts';

/** The container of a server; others in its pod (a mesh's sidecar) are somebody else's. */
export const CONTAINER = 'mcp-server';

/** Set by the Deployment controller on the pods of one template. */
const TEMPLATE_LABEL = 'pod-template-hash';

export function parsePod(pod: V1Pod): PodState {
  const container = pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER);
  const spec = pod.spec?.containers.find(({ name }) => name === CONTAINER);
  const { reason, message } = whyNotReady(pod, container);
  const ended = container?.lastState?.terminated ?? container?.state?.terminated;
  const template = pod.metadata?.labels?.[TEMPLATE_LABEL];
  return {
    name: boundedWord(pod.metadata?.name ?? ''),
    ready: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    image: boundedWord(spec?.image ?? ''),
    phase: boundedWord(pod.status?.phase ?? 'Unknown'),
    reason: reason === undefined ? null : boundedWord(reason),
    message: message === undefined ? null : boundedMessage(message),
    restarts: container?.restartCount ?? 0,
    lastExitCode: ended?.exitCode ?? null,
    lastReason: ended?.reason === undefined ? null : boundedWord(ended.reason),
    template: template === undefined ? null : boundedWord(template),
    ending: pod.metadata?.deletionTimestamp !== undefined,
  };
}

/** The container's own state first, then what holds the pod back as a whole (evicted, not scheduled). */
function whyNotReady(
  pod: V1Pod,
  container: V1ContainerStatus | undefined,
): { reason?: string | undefined; message?: string | undefined } {
  const state = container?.state?.waiting ?? container?.state?.terminated;
  if (state?.reason === 'CrashLoopBackOff') return { ...state, message: whyNotStarted(container) ?? state.message };
  if (state?.reason) return state;
  if (pod.status?.reason) return pod.status;
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return unscheduled ?? {};
}

/** A program that the runtime could not even start leaves no log: its ended state tells why. */
function whyNotStarted(container: V1ContainerStatus | undefined): string | undefined {
  const ended = container?.lastState?.terminated;
  return ended?.reason === 'StartError' || ended?.reason === 'ContainerCannotRun' ? ended.message : undefined;
}
