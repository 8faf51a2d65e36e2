import type { RepositoryName } from '../domain/repository.ts';
import type { PlatformSettings } from './platform.ts';

/** Where clients reach a server. */
export function endpointUrlOf(settings: Pick<PlatformSettings, 'endpointUrlTemplate'>, serverId: string): string {
  return settings.endpointUrlTemplate.replaceAll('{server-id}', serverId);
}

/** The domain whose names belong to the servers: `mcp.example.com`. */
export function ownDomainOf({ endpointUrlTemplate }: Pick<PlatformSettings, 'endpointUrlTemplate'>): string {
  const { hostname } = new URL(endpointUrlTemplate.replaceAll('{server-id}', 'id'));
  return hostname.slice(hostname.indexOf('.') + 1);
}

/**
 * Image repository of a server, without a tag. It follows the owner of the server repository, whose own token pushes:
 * GitHub's registry lets a workflow write packages of its repository's owner alone.
 */
export function imageOf(settings: PlatformSettings, repository: RepositoryName, serverId: string): string {
  return `${imageRegistryOf(settings, repository)}/${serverId}`;
}

/** What the image repositories of all servers of an owner begin with. */
function imageRegistryOf(settings: PlatformSettings, { owner }: RepositoryName): string {
  return settings.imageRepositoryTemplate.replaceAll('{owner}', owner.toLowerCase());
}

/** The image tag of a commit: its first 7 hex digits, as GitHub shows it. */
export function versionOf(commitSha: string): string {
  return commitSha.slice(0, 7);
}
