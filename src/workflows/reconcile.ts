import type { Platform } from './platform.ts';
import { finishSecretChanges } from './server-secrets.ts';

/** GitHub keeps deliveries for three days; what failed earlier is past mending. */
const REDELIVERY_WINDOW_MS = 3 * 24 * 3_600_000;

/**
 * Repairs what a missed webhook or a crash left behind: asks GitHub to send failed deliveries again, finishes changes of
 * secrets that were cut off, and brings every server with unsettled rollouts forward. Each part is tried though another
 * failed.
 */
export async function reconcile(platform: Platform): Promise<void> {
  for (const serverId of await platform.rollouts.busyServers()) await platform.queue.advance(serverId);
  await finishSecretChanges(platform).catch((error: unknown) => {
    platform.log.warn({ error }, 'Changes of secrets that were cut off could not be finished');
  });
  try {
    const since = new Date(platform.now().getTime() - REDELIVERY_WINDOW_MS);
    const count = await platform.missedDeliveries.redeliverFailed(since);
    if (count > 0) platform.log.info({ count }, 'Asked GitHub to send failed deliveries again');
  } catch (error) {
    platform.log.warn({ error }, 'Failed deliveries could not be asked for');
  }
}
