/** How a container that ends is started again. */
export interface RestartTimes {
  firstMs: number;
  maxMs: number;
  /** A run at least this long wipes the slate clean. */
  resetAfterMs: number;
}

/** A tenth of the kubelet's 10 s to 5 min, so that a person sees a crash loop as one within seconds. */
export const defaultRestartTimes: RestartTimes = { firstMs: 1000, maxMs: 30_000, resetAfterMs: 600_000 };

/** @returns the wait before the next start: doubled each time, up to the bound */
export function nextBackOffMs(options: { previousMs: number; ranMs: number; times: RestartTimes }): number {
  const { previousMs, ranMs, times } = options;
  if (previousMs === 0 || ranMs >= times.resetAfterMs) return times.firstMs;
  return Math.min(previousMs * 2, times.maxMs);
}
