import { RETRY_AFTER_SECONDS } from '../limits.ts';
import { Refusal, type RefusalReason } from './refusal.ts';

/** A 503 that is worth coming back for. */
export function unavailable(reason: RefusalReason, message: string): Refusal {
  return new Refusal({ status: 503, reason, message, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } });
}
