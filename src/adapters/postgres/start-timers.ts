import type { Log } from '../../ports/log.ts';
import { claimTimer } from './claim-timer.ts';
import type { Database } from './database.ts';
import { prune } from './prune.ts';
import type { SessionLocks } from './session-locks.ts';

const PRUNE_INTERVAL_MS = 60 * 60_000;

/** Looks come more often than the interval, so that the clocks of replicas need not agree. */
const LOOKS_PER_INTERVAL = 4;
const LOOK_MS_MIN = 100;

/** Runs the periodic work of all replicas: whoever looks first when it is due does it, nobody while it is being done. */
export function startTimers(options: {
  database: Database;
  locks: SessionLocks;
  log: Log;
  onReconcile: () => Promise<void>;
  reconcileIntervalMs: number;
  onDrift: () => Promise<void>;
  driftIntervalMs: number;
}): { stop(): Promise<void> } {
  const lookMs = Math.max(
    LOOK_MS_MIN,
    Math.min(options.reconcileIntervalMs, options.driftIntervalMs, PRUNE_INTERVAL_MS) / LOOKS_PER_INTERVAL,
  );
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking = look();

  async function look(): Promise<void> {
    await runWhenDue(options, { name: 'reconcile', intervalMs: options.reconcileIntervalMs, run: options.onReconcile });
    await runWhenDue(options, { name: 'drift', intervalMs: options.driftIntervalMs, run: options.onDrift });
    await runWhenDue(options, { name: 'prune', intervalMs: PRUNE_INTERVAL_MS, run: () => prune(options.database) });
    if (stopped) return;
    timer = setTimeout(() => {
      looking = look();
    }, lookMs);
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

async function runWhenDue(
  { database, locks, log }: { database: Database; locks: SessionLocks; log: Log },
  { name, intervalMs, run }: { name: string; intervalMs: number; run: () => Promise<void> },
): Promise<void> {
  try {
    await locks.tryWithLock(`timer:${name}`, async () => {
      if (await claimTimer(database, name, intervalMs)) await run();
    });
  } catch (error) {
    log.error({ error, timer: name }, 'Periodic work failed; it is tried again after its interval');
  }
}
