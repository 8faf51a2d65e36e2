import type { Application, OperationState } from './application.ts';

/** Argo CD's own wait before it heals a change that somebody made in the cluster again. */
const selfHealMs = 5000;
/** Argo CD's defaults where a policy says nothing. */
const defaultRetry = { limit: 5, firstMs: 5000, factor: 2, maxMs: 180_000 };

export type SyncDecision =
  | { kind: 'none' }
  | { kind: 'later'; inMs: number }
  | { kind: 'refused'; message: string }
  | { kind: 'sync'; retryCount: number };

/**
 * Whether an automated Application is synced now. A revision is tried once and again by its retry policy; a change in the
 * cluster at a revision that was synced is healed only with `selfHeal`. Pure.
 *
 * @param facts.outOfSync resources that differ, without those that only need pruning
 */
export function decideSync(
  application: Application,
  facts: { revision: string; outOfSync: number; toPrune: number; wanted: number; now: Date },
): SyncDecision {
  const { automated } = application.spec.syncPolicy ?? {};
  if (automated === undefined || automated.enabled === false) return { kind: 'none' };
  if (facts.outOfSync === 0 && (facts.toPrune === 0 || automated.prune !== true)) return { kind: 'none' };
  const isEmptied = facts.wanted === 0 && facts.toPrune > 0 && automated.allowEmpty !== true;
  if (isEmptied) {
    return {
      kind: 'refused',
      message: `Skipping sync attempt to ${facts.revision}: auto-sync will wipe out all resources`,
    };
  }
  const last = application.status?.operationState;
  if (last === undefined || last.operation.sync.revision !== facts.revision) return { kind: 'sync', retryCount: 0 };
  const sinceMs = facts.now.getTime() - Date.parse(last.finishedAt ?? last.startedAt);
  if (last.phase === 'Running') {
    const inMs = retryWaitMs(application, (last.retryCount ?? 0) + 1) - sinceMs;
    return inMs > 0 ? { kind: 'later', inMs } : { kind: 'sync', retryCount: (last.retryCount ?? 0) + 1 };
  }
  if (last.phase !== 'Succeeded') {
    return { kind: 'refused', message: `Failed last sync attempt to ${facts.revision}: ${last.message}` };
  }
  if (automated.selfHeal !== true) return { kind: 'none' };
  return sinceMs < selfHealMs ? { kind: 'later', inMs: selfHealMs - sinceMs } : { kind: 'sync', retryCount: 0 };
}

/** @returns the phase of an attempt that failed: still Running while there are attempts left, as in Argo CD */
export function failedPhase(application: Application, retryCount: number): OperationState['phase'] {
  return retryCount < (application.spec.syncPolicy?.retry?.limit ?? defaultRetry.limit) ? 'Running' : 'Failed';
}

/** @param attempt 1 for the first retry */
function retryWaitMs(application: Application, attempt: number): number {
  const { duration, factor = defaultRetry.factor, maxDuration } = application.spec.syncPolicy?.retry?.backoff ?? {};
  const firstMs = parseDurationMs(duration) ?? defaultRetry.firstMs;
  return Math.min(firstMs * factor ** (attempt - 1), parseDurationMs(maxDuration) ?? defaultRetry.maxMs);
}

/** `5s`, `3m`, `1h30m`, or plain seconds. */
function parseDurationMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1000;
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d{1,6})(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return undefined;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0);
}
