import type { ApplicationState, PodState } from './cluster-state.ts';
import { missingSecretsWords } from './missing-secrets.ts';
import type { Rollout, RolloutFailure } from './rollout.ts';
import { CRASH_RESTARTS_MAX, DEGRADED_GRACE_MS, HEALTHY_SETTLE_MS } from './rollout-limits.ts';

export type Assessment =
  | { kind: 'waiting'; because: string }
  /** Synced and healthy, but at another revision: whether that holds the merge is to be asked of GitHub. */
  | { kind: 'ask-revision'; revision: string }
  | { kind: 'synced' }
  | { kind: 'failed'; failure: Omit<RolloutFailure, 'log'>; previousLog: boolean };

export interface Observation {
  /** undefined: the Application does not exist. */
  application: ApplicationState | undefined;
  pods: PodState[];
}

const ERROR_CONDITIONS = ['InvalidSpecError', 'ComparisonError', 'SyncError'];

/**
 * What an Application says about a rollout whose overlay was merged as `rollout.merge.sha`. In a repository with many
 * servers `revision` is the newest commit for every Application, so another revision than the merge needs a question.
 */
export function assessApplication(rollout: Rollout, { application, pods }: Observation, now: Date): Assessment {
  if (rollout.kind === 'delete') {
    return application ? { kind: 'waiting', because: 'Argo CD is removing it' } : { kind: 'synced' };
  }
  if (!application) return { kind: 'waiting', because: 'Argo CD has not seen the overlay yet' };
  const fresh = pods.filter((pod) => !rollout.digest || pod.image.includes(rollout.digest));
  const podFailure = rollout.kind === 'stop' ? undefined : assessPods(rollout, fresh);
  if (podFailure) return podFailure;
  const broken = assessErrors(rollout, application, now);
  if (broken) return broken;
  if (!settledHealthy(rollout, application, now)) {
    return { kind: 'waiting', because: `Argo CD: ${application.syncStatus}, ${application.healthStatus}` };
  }
  if (rollout.digest && !application.images.some((image) => image.includes(rollout.digest as string))) {
    return { kind: 'waiting', because: 'Argo CD has not taken the new image yet' };
  }
  if (rollout.kind === 'stop' && pods.length > 0) return { kind: 'waiting', because: 'the pods are ending' };
  if (application.revision === rollout.merge?.sha) return { kind: 'synced' };
  if (!application.revision || application.revision === rollout.uncoveredRevision) {
    return { kind: 'waiting', because: 'Argo CD has not seen the merge yet' };
  }
  return { kind: 'ask-revision', revision: application.revision };
}

/** A server that KEDA holds at zero is "Suspended" to Argo CD, which is what a stop asks for. */
function settledHealthy({ kind }: Rollout, application: ApplicationState, now: Date): boolean {
  const isSettled =
    application.healthStatus === 'Healthy' || (kind === 'stop' && application.healthStatus === 'Suspended');
  if (application.syncStatus !== 'Synced' || !isSettled) return false;
  return lastedFor(application, now) >= HEALTHY_SETTLE_MS;
}

function lastedFor(application: ApplicationState, now: Date): number {
  const since = application.healthLastTransitionAt ? Date.parse(application.healthLastTransitionAt) : Number.NaN;
  return Number.isNaN(since) ? Number.POSITIVE_INFINITY : now.getTime() - since;
}

function assessErrors(rollout: Rollout, application: ApplicationState, now: Date): Assessment | undefined {
  const entered = Date.parse(rollout.stages.at(-1)?.at ?? now.toISOString());
  if (now.getTime() - entered < DEGRADED_GRACE_MS) return undefined;
  const condition = application.conditions.find(({ type }) => ERROR_CONDITIONS.includes(type));
  if (condition)
    return failed({ code: 'sync-failed', message: `Argo CD cannot apply the overlay: ${condition.message}` });
  const { operation } = application;
  if (operation && ['Failed', 'Error'].includes(operation.phase) && operation.revision === rollout.merge?.sha) {
    return failed({
      code: 'sync-failed',
      message: `Argo CD could not sync the overlay: ${operation.message ?? operation.phase}`,
    });
  }
  if (application.healthStatus === 'Degraded' && lastedFor(application, now) >= DEGRADED_GRACE_MS) {
    return failed({
      code: 'server-unhealthy',
      message: `Argo CD says Degraded: ${application.healthMessage ?? 'without a message'}`,
    });
  }
  return undefined;
}

function assessPods(rollout: Rollout, pods: PodState[]): Assessment | undefined {
  for (const pod of pods) {
    if (pod.ready) continue;
    if (pod.reason === 'CreateContainerConfigError') {
      return {
        kind: 'failed',
        failure: secretMissing(rollout, pod.message ?? 'a Secret is missing'),
        previousLog: false,
      };
    }
    if (pod.restarts >= CRASH_RESTARTS_MAX) {
      const code = pod.lastExitCode === null ? '' : ` with code ${pod.lastExitCode}`;
      return {
        kind: 'failed',
        failure: {
          code: 'server-crashed',
          message: `The server exited${code}, ${pod.restarts} times.`,
          hint: 'Mend what its last lines say and push, or comment /host when the cause is outside the code.',
        },
        previousLog: true,
      };
    }
  }
  return undefined;
}

/** Kubernetes names the key, or only the Secret where that is missing as a whole: then all variables are. */
function secretMissing(rollout: Rollout, message: string): Omit<RolloutFailure, 'log'> {
  const secret = `mcp-${rollout.serverId}-env`;
  const key = /find key ([A-Za-z_][A-Za-z0-9_]*) in Secret/.exec(message)?.[1];
  const names = key ? [key] : message.includes(secret) ? rollout.config.env : [];
  if (names.length === 0) {
    const hint = 'Look at the Secrets of the server in its namespace.';
    return { code: 'secret-missing', message: `The pod cannot start: ${message}.`, hint };
  }
  return { code: 'secret-missing', ...missingSecretsWords(rollout, names) };
}

function failed({ code, message }: Pick<RolloutFailure, 'code' | 'message'>): Assessment {
  const hint = 'Look at the Application in Argo CD; the deployment goes on by itself once it is healthy.';
  return { kind: 'failed', failure: { code, message, hint }, previousLog: false };
}
