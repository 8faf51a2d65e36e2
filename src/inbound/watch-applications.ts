import type { Platform } from '../workflows/platform.ts';

/** Applications are listed anew this often, should a watch lose an event without a word. */
const RELIST_MS = 5 * 60_000;

/** Every change of an Application brings its server forward; what it means is decided there. */
export function watchApplications(platform: Platform, signal: AbortSignal): void {
  const wake = (serverId: string): void => {
    platform.queue.advance(serverId).catch((error: unknown) => {
      platform.log.warn(
        { error, server: serverId },
        'Server could not be brought forward after a change in the cluster',
      );
    });
  };
  platform.applications.watch({
    signal,
    relistMs: RELIST_MS,
    onChange: ({ serverId }) => wake(serverId),
    onGone: wake,
  });
}
