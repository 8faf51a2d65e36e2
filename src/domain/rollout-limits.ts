/** Bounds of a rollout's waits, so that nothing stays pending for ever. Waiting for a person has no bound: it is shown. */

/** Telling people and opening pull requests: long enough for GitHub's secondary limit of an hour to pass. */
export const GITHUB_DEADLINE_MS = 90 * 60_000;
/** A build: GitHub's own default for a job is 6 hours; an image of a small server that takes 30 minutes is stuck. */
export const BUILD_DEADLINE_MS = 30 * 60_000;
/** Argo CD polls git every 3 minutes, and a Deployment's progress deadline is 10 minutes. */
export const SYNC_DEADLINE_MS = 15 * 60_000;
/** The pods are ready: DNS, certificate and route of a new host may need a moment. */
export const VERIFY_DEADLINE_MS = 3 * 60_000;
/** Health must hold this long before it is believed (facts of Argo CD: it flaps right after a sync). */
export const HEALTHY_SETTLE_MS = 5_000;
/** `Degraded` and failed operations must last this long: a retry of Argo CD's own often mends them. */
export const DEGRADED_GRACE_MS = 30_000;
/** Retries of Argo CD's own after which a sync is told as failed where no retry can mend the cause: about 20 s. */
export const SYNC_RETRIES_MAX = 2;
/** Restarts after which a crash loop is told at once instead of at the deadline. */
export const CRASH_RESTARTS_MAX = 3;
/** A build that nobody was told about is asked for after this silence. */
export const BUILD_POLL_MS = 60_000;
/** The same for a pull request that waits for a person. */
export const PROPOSAL_POLL_MS = 10 * 60_000;
/** How long people are tried to be told of an end: GitHub keeps what failed to arrive no longer either. */
export const REPORT_DEADLINE_MS = 3 * 24 * 60 * 60_000;
/** A failed deployment that goes on by itself; after so many failures a person must look. */
export const RECOVERIES_MAX = 5;
/** Pause before the second try of an effect, doubled with each: an outage is not to be met by every server's tries. */
export const RETRY_PAUSE_MS = 1_000;
export const RETRY_PAUSE_MS_MAX = 60_000;
/** The cluster is looked at this often while it syncs, beside the watch. */
export const SYNC_POLL_MS = 5_000;
/** Values that the platform sets are heard of at once; those that come from elsewhere are looked for this often. */
export const SECRETS_POLL_MS = 15_000;
export const VERIFY_POLL_MS = 2_000;
/** One handshake with the public endpoint; a cold start fits. */
export const VERIFY_TIMEOUT_MS = 20_000;
