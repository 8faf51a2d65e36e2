import type { Hub } from '../hub.ts';
import { type Account, type Repository, ROLES, type Role } from '../store/entities.ts';

export function roleAtLeast(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

/** What an account may do in a repository: as its owner, as a collaborator, or as anybody in a public one. */
export function roleOf(hub: Hub, repository: Repository, account: Account): Role {
  const owner = hub.store.account(repository.ownerId);
  if (owner.id === account.id || owner.ownerIds.includes(account.id)) return 'admin';
  const given = repository.collaborators[account.id] ?? 'none';
  return given === 'none' && !repository.private ? 'read' : given;
}

/** The older word for a role, with only four values. */
export function legacyPermission(role: Role): 'admin' | 'write' | 'read' | 'none' {
  if (role === 'maintain') return 'write';
  if (role === 'triage') return 'read';
  return role;
}

/** REST's word for a role when a collaborator is added: `pull`, `push` and so on. */
export function roleFromWord(word: string): Role | undefined {
  const role = { pull: 'read', push: 'write' }[word] ?? word;
  return (ROLES as readonly string[]).includes(role) && role !== 'none' ? (role as Role) : undefined;
}

export function permissionFlags(role: Role): Record<'admin' | 'maintain' | 'push' | 'triage' | 'pull', boolean> {
  return {
    admin: roleAtLeast(role, 'admin'),
    maintain: roleAtLeast(role, 'maintain'),
    push: roleAtLeast(role, 'write'),
    triage: roleAtLeast(role, 'triage'),
    pull: roleAtLeast(role, 'read'),
  };
}
