import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Probe } from './pod.ts';
import { runProbe } from './run-probe.ts';

export interface ProbeEvents {
  onStarted(): void;
  onReady(isReady: boolean): void;
  /** Startup or liveness failed for good: the container must be restarted. */
  onDead(kind: 'startup' | 'liveness', message: string): void;
  onUnhealthy(kind: 'startup' | 'liveness' | 'readiness', message: string): void;
}

/**
 * Runs a container's probes until the signal aborts, by the kubelet's rules: liveness and readiness begin when startup
 * succeeded; a container without a readiness probe is ready when it has started.
 */
export async function superviseProbes(options: {
  container: Container;
  port: number;
  signal: AbortSignal;
  events: ProbeEvents;
}): Promise<void> {
  const { container, port, signal, events } = options;
  const startedMs = performance.now();
  const { startupProbe, readinessProbe, livenessProbe } = container;
  if (
    startupProbe !== undefined &&
    !(await succeedOnce(startupProbe, { kind: 'startup', port, signal, events, startedMs }))
  )
    return;
  if (signal.aborted) return;
  events.onStarted();
  if (readinessProbe === undefined) events.onReady(true);
  await Promise.all([
    readinessProbe && watchReadiness(readinessProbe, { port, signal, events, startedMs }),
    livenessProbe && succeedOnce(livenessProbe, { kind: 'liveness', port, signal, events, startedMs, forEver: true }),
  ]);
}

interface Watch {
  port: number;
  /** When the container started, by the monotonic clock: initial delays count from there. */
  startedMs: number;
  signal: AbortSignal;
  events: ProbeEvents;
}

/** @returns true at the first success, or with `forEver` never; false when it was given up */
async function succeedOnce(
  probe: Probe,
  watch: Watch & { kind: 'startup' | 'liveness'; forEver?: boolean },
): Promise<boolean> {
  let failures = 0;
  await sleep(initialDelayMs(probe, watch), watch.signal);
  while (!watch.signal.aborted) {
    const result = await runProbe(probe, watch.port);
    if (watch.signal.aborted) return false;
    if (result.isSuccess && watch.forEver !== true) return true;
    failures = result.isSuccess ? 0 : failures + 1;
    if (!result.isSuccess) watch.events.onUnhealthy(watch.kind, result.message);
    if (failures >= (probe.failureThreshold ?? 3)) {
      watch.events.onDead(watch.kind, result.message);
      return false;
    }
    await sleep(periodMs(probe), watch.signal);
  }
  return false;
}

async function watchReadiness(probe: Probe, watch: Watch): Promise<void> {
  let [successes, failures] = [0, 0];
  await sleep(initialDelayMs(probe, watch), watch.signal);
  while (!watch.signal.aborted) {
    const result = await runProbe(probe, watch.port);
    if (watch.signal.aborted) return;
    successes = result.isSuccess ? successes + 1 : 0;
    failures = result.isSuccess ? 0 : failures + 1;
    if (!result.isSuccess) watch.events.onUnhealthy('readiness', result.message);
    if (successes >= (probe.successThreshold ?? 1)) watch.events.onReady(true);
    if (failures >= (probe.failureThreshold ?? 3)) watch.events.onReady(false);
    await sleep(periodMs(probe), watch.signal);
  }
}

function initialDelayMs(probe: Probe, watch: Watch): number {
  return Math.max(0, watch.startedMs + (probe.initialDelaySeconds ?? 0) * 1000 - performance.now());
}

function periodMs(probe: Probe): number {
  return Math.max(1, probe.periodSeconds ?? 10) * 1000;
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the wait; the caller looks at the signal.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
