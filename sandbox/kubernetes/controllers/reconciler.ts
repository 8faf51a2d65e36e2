/** Waits between attempts after an error. */
const retryFirstMs = 200;
const retryMaxMs = 10_000;

export interface Reconciler {
  /** Looks at this key soon; several calls before it starts are one. */
  enqueue(key: string): void;
  enqueueAfter(key: string, ms: number): void;
  /** Settles when nothing runs any more. */
  close(): Promise<void>;
}

/**
 * Level-triggered work by key, as Kubernetes' controllers do it: one run per key at a time, wishes during a run lead to
 * one more, errors are tried again with growing waits.
 */
export function createReconciler(options: {
  name: string;
  reconcile: (key: string) => void | Promise<void>;
  log: (line: string) => void;
}): Reconciler {
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();
  let isClosed = false;

  function enqueue(key: string): void {
    if (isClosed) return;
    if (running.has(key)) {
      again.add(key);
      return;
    }
    running.set(key, run(key));
  }

  async function run(key: string): Promise<void> {
    // A run begins after the write that asked for it is over.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      if (!isClosed) await options.reconcile(key);
      failures.delete(key);
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      options.log(`${options.name} ${key}: ${error instanceof Error ? error.message : String(error)}`);
      enqueueAfter(key, Math.min(retryFirstMs * 2 ** (count - 1), retryMaxMs));
    }
    running.delete(key);
    if (again.delete(key)) enqueue(key);
  }

  function enqueueAfter(key: string, ms: number): void {
    if (isClosed) return;
    clearTimeout(timers.get(key));
    const timer = setTimeout(() => {
      timers.delete(key);
      enqueue(key);
    }, ms);
    timers.set(key, timer);
  }

  return {
    enqueue,
    enqueueAfter,
    async close() {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
