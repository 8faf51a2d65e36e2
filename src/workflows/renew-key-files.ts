import type { Platform } from './platform.ts';

/**
 * Brings a change of keys to the running pods now. Whether it succeeds is not told: the kubelet brings the same change with
 * its next round, and the key was made or revoked all the same.
 */
export async function renewKeyFiles(platform: Platform, serverId: string): Promise<void> {
  try {
    await platform.workloads.renewFiles(serverId, platform.now());
  } catch (error) {
    platform.log.warn(
      { server: serverId, err: error },
      'Changed keys reach the pods with the next round of the kubelet',
    );
  }
}
