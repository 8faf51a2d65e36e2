import { RETRY_DELAY_MAX_MS, RETRY_DELAY_MIN_MS } from './limits.ts';
import { isCertificateProblem, isUndone, type RemoteFailure } from './remote-failure.ts';

/** How long a failure that looks lasting is doubted, in ms: a rollout answers 404 or 500 for a moment. */
const DOUBT_MS = 15_000;

export interface Attempt {
  failure: RemoteFailure;
  /** Whether the request may be executed twice. */
  isRepeatable: boolean;
  /** Whether this endpoint has ever answered as an MCP server, now or in an earlier run. */
  isKnown: boolean;
  /** Attempts so far. */
  attempts: number;
  /** Since the first attempt, in ms. */
  elapsedMs: number;
  patienceMs: number;
  now: Date;
}

/**
 * The pause in ms after which a request is sent again, or undefined when its failure is final. What may have been
 * executed is repeated only when that does no harm; what looks like a wrong address, only at a known endpoint.
 */
export function pauseBeforeRetry(attempt: Attempt): number | undefined {
  const { failure, isRepeatable, attempts, elapsedMs, patienceMs } = attempt;
  if (!isRepeatable && !isUndone(failure)) return undefined;
  const leftMs = Math.min(patienceMs, patienceFor(failure, attempt)) - elapsedMs;
  const asked = failure.kind === 'http' ? readRetryAfter(failure.retryAfter, attempt.now) : undefined;
  const usual = Math.min(RETRY_DELAY_MIN_MS * 2 ** Math.min(attempts - 1, 10), RETRY_DELAY_MAX_MS);
  // "At once", or a date that is past by this machine's clock, is no licence to ask without end.
  const pauseMs = asked !== undefined && asked >= RETRY_DELAY_MIN_MS ? asked : usual;
  return pauseMs < leftMs ? pauseMs : undefined;
}

function patienceFor(failure: RemoteFailure, { isKnown }: Attempt): number {
  const doubtMs = isKnown ? DOUBT_MS : 0;
  switch (failure.kind) {
    case 'unanswered':
      return Number.POSITIVE_INFINITY;
    case 'bad-answer':
      return doubtMs;
    case 'sign-in':
      return failure.isLasting ? 0 : Number.POSITIVE_INFINITY;
    case 'network': {
      const { code } = failure;
      if (isCertificateProblem(code) || code === 'PROXY_AUTHENTICATION') return 0;
      const isName = code === 'ENOTFOUND' || code === 'EAI_AGAIN';
      return isName && !isKnown ? 0 : Number.POSITIVE_INFINITY;
    }
    case 'http':
      if (BUSY.has(failure.status)) return Number.POSITIVE_INFINITY;
      return LASTING.has(failure.status) ? 0 : doubtMs;
  }
}

const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);
const LASTING: ReadonlySet<number> = new Set([301, 308, 400, 401, 403, 405, 407, 413, 415, 431]);

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
function readRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : date - now.getTime();
}
