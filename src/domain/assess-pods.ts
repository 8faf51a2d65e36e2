import type { PodState } from './cluster-state.ts';
import type { ClusterFailure, ClusterVerdict } from './cluster-verdict.ts';
import { shortenMessage } from './explain-cluster-message.ts';
import { type Rollout, serversNamespace } from './rollout.ts';
import { CRASH_RESTARTS_MAX } from './rollout-limits.ts';
import { secretMissing } from './secret-missing.ts';

const PULL_REASONS = ['ImagePullBackOff', 'ErrImagePull', 'InvalidImageName', 'RegistryUnavailable'];
const START_REASONS = ['RunContainerError', 'StartError', 'ContainerCannotRun', 'CreateContainerError'];

/** What these servers said last stands in the log of the container before. */
const ENDED_CODES = ['server-crashed', 'server-out-of-memory'];

/** Of a process that was killed: by the kubelet after failed probes, or by the kernel. */
const KILLED_EXIT_CODES = [137, 143];

/**
 * Why the pods of a rollout will not become ready; undefined while they may.
 * @param isPastGrace what the cluster may mend by itself has lasted
 */
export function assessPods(rollout: Rollout, pods: PodState[], isPastGrace: boolean): ClusterVerdict | undefined {
  for (const pod of newPods(rollout, pods)) {
    const failure = causeOf(rollout, pod, isPastGrace);
    if (failure) return { kind: 'failed', failure, previousLog: ENDED_CODES.includes(failure.code) };
  }
  return undefined;
}

/** Those of the newest template and of the rollout's image: the ones that are being replaced say nothing about it. */
function newPods({ digest }: Rollout, pods: PodState[]): PodState[] {
  const living = pods.filter(({ ending }) => !ending);
  return living.filter(
    ({ template, image, ready }) => !ready && template === living[0]?.template && (!digest || image.includes(digest)),
  );
}

function causeOf(rollout: Rollout, pod: PodState, isPastGrace: boolean): ClusterFailure | undefined {
  const reason = pod.reason ?? '';
  if (reason === 'CreateContainerConfigError') return secretMissing(rollout, pod.message ?? 'a Secret is missing');
  if (isPastGrace && PULL_REASONS.includes(reason)) return imageNotPulled(rollout, pod);
  if (isPastGrace && reason === 'Unschedulable') return noRoom(pod);
  const isUnstartable = START_REASONS.includes(reason) || pod.lastReason === 'StartError';
  if (isUnstartable && (isPastGrace || pod.restarts >= CRASH_RESTARTS_MAX)) return notStarted(pod);
  if (pod.restarts < CRASH_RESTARTS_MAX) return undefined;
  return pod.lastReason === 'OOMKilled' ? outOfMemory(rollout, pod) : crashed(pod);
}

function crashed({ lastExitCode, restarts }: PodState): ClusterFailure {
  const code = lastExitCode === null ? '' : ` with code ${lastExitCode}`;
  const killed = KILLED_EXIT_CODES.includes(lastExitCode ?? 0)
    ? ` Code ${lastExitCode} means that it was killed, most often since it did not become ready in time.`
    : '';
  return {
    code: 'server-crashed',
    message: `The server exited${code}, ${restarts} times.${killed}`,
    hint: 'Mend what its last lines say and push, or comment /host when the cause is outside the code.',
  };
}

function outOfMemory({ config }: Rollout, { restarts }: PodState): ClusterFailure {
  return {
    code: 'server-out-of-memory',
    message: `The server used more than its ${config.resources.limits.memory} of memory and was killed, ${restarts} times.`,
    hint: 'Raise `resources.limits.memory` in `.mcp-hosting.yml` and push.',
  };
}

function notStarted({ message }: PodState): ClusterFailure {
  return {
    code: 'container-not-started',
    message: `The container cannot be started: ${shortenMessage(lastPart(message ?? 'the runtime says no more'))}`,
    hint: 'Mend ENTRYPOINT and CMD of the image, then push.',
  };
}

function imageNotPulled(rollout: Rollout, { image, message }: PodState): ClusterFailure {
  const said = shortenMessage(lastPart(message ?? 'the registry says no more'));
  return {
    code: 'image-not-pulled',
    message: `The cluster cannot pull \`${image}\`: ${said}`,
    hint: pullCure(rollout, said),
  };
}

/** Registries and runtimes agree on few words; where none of them is said, the cure names all three. */
function pullCure(rollout: Rollout, said: string): string {
  const namespace = serversNamespace(rollout);
  if (/not found|manifest unknown/.test(said)) return 'Comment /host to build the image again.';
  if (/unauthorized|forbidden|denied|\b40[13]\b/.test(said)) {
    return `Let the cluster read the image: make its package visible, or give the service account \`default\` of namespace \`${namespace}\` an image pull secret; the deployment goes on by itself.`;
  }
  return 'See that the nodes reach the registry, and that the image is there and may be read; the deployment goes on by itself.';
}

function noRoom({ message }: PodState): ClusterFailure {
  return {
    code: 'no-node',
    message: `No node takes the pod: ${shortenMessage(message ?? 'the scheduler says no more')}`,
    hint: 'Add a node, or ask for less under `resources` in `.mcp-hosting.yml`; the deployment goes on by itself.',
  };
}

/** Runtimes wrap errors in errors and repeat the image in each: the last ones are the cause. */
function lastPart(message: string): string {
  const parts = message.replace(/: unknown$/, '').split(/: (?=[a-zA-Z])/);
  const telling = parts.filter((part) => !part.includes('@sha256:') && !/^(?:rpc error|Err[A-Z])/.test(part));
  return (telling.length > 0 ? telling : parts).slice(-LAST_PARTS).join(': ');
}

const LAST_PARTS = 2;
