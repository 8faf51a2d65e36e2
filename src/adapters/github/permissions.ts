import { fullName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import type { Permissions, RepositoryPermission } from '../../ports/github.ts';
import type { GitHubClient } from './github-client.ts';

const KNOWN_ROLES: readonly string[] = ['admin', 'maintain', 'write', 'triage', 'read', 'none'];

export function createPermissions(client: GitHubClient): Permissions {
  return {
    async permissionOf(installationId, repository, login) {
      const { owner, name: repo } = repository;
      try {
        const { data } = await client.rest(
          installationId,
          `read the permission of a user on "${fullName(repository)}"`,
          (octokit) => octokit.repos.getCollaboratorPermissionLevel({ owner, repo, username: login }),
        );
        return toPermission(data.role_name) ?? toPermission(data.permission) ?? 'none';
      } catch (error) {
        // GitHub answers 404 for a login that does not exist (a deleted account).
        if (error instanceof UserError && error.code === 'github-not-found') return 'none';
        throw error;
      }
    },
  };
}

/** A custom role has a name of its own; `permission` then says which of the built-in ones it amounts to. */
function toPermission(role: string | undefined): RepositoryPermission | undefined {
  return role !== undefined && KNOWN_ROLES.includes(role) ? (role as RepositoryPermission) : undefined;
}
