import type { RolloutFailure } from './rollout.ts';

/** What the cluster says of a rollout, as long as it speaks of what was merged. */
export type ClusterVerdict =
  | { kind: 'waiting'; because: string }
  | { kind: 'synced' }
  /** `previousLog`: what it said stands in the log of the container before. */
  | { kind: 'failed'; failure: ClusterFailure; previousLog: boolean };

/** The log is read only once it is known that there is a failure. */
export type ClusterFailure = Omit<RolloutFailure, 'log'>;
