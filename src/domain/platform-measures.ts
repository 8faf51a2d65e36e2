/** How the platform stands as its database tells it: for metrics, and for whoever looks for what is broken. */
export interface PlatformMeasures {
  servers: { status: string; count: number }[];
  /** Deployments, stops, starts and deletions that ended in failure within the last hour. */
  rolloutsFailedInHour: number;
  /** Deliveries of GitHub that failed for good within the last day. */
  deliveriesFailedInDay: number;
  jobs: { queue: string; state: string; count: number }[];
  /** Of each queue, how long the job that is due for longest has waited for a worker. */
  waits: { queue: string; seconds: number }[];
}
