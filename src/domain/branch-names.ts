import { isServerId } from './server-id.ts';

/** The branch of the pull request that brings the build workflow to a server repository. */
export const SETUP_BRANCH = 'mcp-hosting/setup';

/** The branch of the pull request that brings the scaffold to the deployments repository. */
export const SCAFFOLD_BRANCH = 'mcp-hosting/scaffold';

const PREFIX = 'mcp-hosting/';

/** The branch of a server's pull requests in the deployments repository: one, so that a retry finds it again. */
export function deploymentBranch(serverId: string): string {
  return `${PREFIX}${serverId}`;
}

/** @returns the server id, or undefined where the branch is not a `deploymentBranch` */
export function serverIdOfBranch(branch: string): string | undefined {
  const serverId = branch.slice(PREFIX.length);
  return branch.startsWith(PREFIX) && isServerId(serverId) ? serverId : undefined;
}
