/** One of the queue's own that listens, and two for its statements, which are short. */
const QUEUE_CONNECTIONS = 3;

/** Connections of one replica by what they are for. */
export interface ConnectionShares {
  /** Each is short; whoever finds none waits. */
  statements: number;
  /** Locks held or waited for at once: a job keeps its own as long as it runs, so these need the most. */
  locks: number;
  /** The one that listens included. */
  queue: number;
}

/** Shares out the connections that a replica may take. @param connectionsMax 8 or more */
export function shareConnections(connectionsMax: number): ConnectionShares {
  const left = connectionsMax - QUEUE_CONNECTIONS;
  const locks = Math.floor((left * 2) / 3);
  return { statements: left - locks, locks, queue: QUEUE_CONNECTIONS };
}
