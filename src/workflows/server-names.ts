import type { PlatformSettings } from './platform.ts';

/** Where clients reach a server. */
export function endpointUrlOf(settings: PlatformSettings, serverId: string): string {
  return settings.endpointUrlTemplate.replaceAll('{server-id}', serverId);
}

/** Image repository of a server, without a tag. */
export function imageOf(settings: PlatformSettings, serverId: string): string {
  return `${settings.imageRepository}/${serverId}`;
}

/** The image tag of a commit: its first 7 hex digits, as GitHub shows it. */
export function versionOf(commitSha: string): string {
  return commitSha.slice(0, 7);
}
