import type { Platform } from './platform.ts';
import { renewKeyFiles } from './renew-key-files.ts';

/** The access key by which the bot tries the server's endpoint; the wrapper lets it in, once the kubelet has renewed its file. */
export async function ensureProbeKey(platform: Platform, serverId: string): Promise<string> {
  const key = platform.probeKeyOf(serverId);
  if (await platform.accessKeyFiles.ensureProbeKey(serverId, key)) await renewKeyFiles(platform, serverId);
  return key;
}
