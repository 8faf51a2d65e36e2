import { RetryLaterError } from '../../ports/retry-later.ts';
import type { WriteBudget } from '../../ports/stores.ts';

/**
 * Counts content-creating calls before they are sent: GitHub allows 80 a minute and 500 an hour, and every mutation of a
 * document is one.
 * @throws RetryLaterError when the installation has used them up; nothing was sent then
 */
export async function spendWrites(budget: WriteBudget, installationId: number, calls: number): Promise<void> {
  const waitMs = await budget.take(installationId, calls);
  if (waitMs > 0) throw new RetryLaterError('Cannot write to GitHub: the writes of this window are used up', waitMs);
}
