import type { Platform } from '../workflows/platform.ts';

/** Applications are listed anew this often, should a watch lose an event without a word. */
const RELIST_MS = 5 * 60_000;

/** Every change of an Application brings its server forward; what it means is decided there. */
export function watchApplications(
  platform: Pick<Platform, 'applications' | 'queue'>,
  signal: AbortSignal,
  relistMs = RELIST_MS,
): void {
  const wake = (serverId: string): Promise<void> => platform.queue.advance(serverId);
  platform.applications.watch({
    signal,
    relistMs,
    onChange: ({ serverId }) => wake(serverId),
    onGone: wake,
  });
}
