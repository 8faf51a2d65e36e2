/**
 * The outside system cannot answer now: an outage (5xx), a timeout, or a limit. The job is tried again after
 * `afterMs`; the rollout's own deadline bounds how often.
 */
export class RetryLaterError extends Error {
  readonly afterMs: number;

  constructor(message: string, afterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetryLaterError';
    this.afterMs = afterMs;
  }
}
