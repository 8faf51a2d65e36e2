import { median, slope } from './statistics.ts';

export interface MemorySample {
  /** How many had been sent by then. */
  requests: number;
  memoryMb: number;
}

/**
 * In percent of the memory at that time, along a line through all samples: single ones depend on the last collection.
 * The first half is left out, in which code is compiled and the heap finds its size. NaN of no samples.
 */
export function growthOverLastHalf(samples: readonly MemorySample[]): number {
  const last = samples.at(-1)?.requests ?? 0;
  const half = samples.filter(({ requests }) => requests >= last / 2);
  const first = half[0]?.requests ?? 0;
  const perRequest = slope(half.map(({ requests, memoryMb }) => ({ x: requests, y: memoryMb })));
  return ((perRequest * (last - first)) / median(half.map(({ memoryMb }) => memoryMb))) * 100;
}
