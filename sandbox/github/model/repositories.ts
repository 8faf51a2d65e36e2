import { bareRepositoryDir, copyBranches, initBareRepository, removeBareRepository } from '../git/bare-repository.ts';
import { invalidField } from '../github-error.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import { writeCommitOnBranch } from './commits.ts';
import { closePull, openPulls } from './pull-states.ts';

export interface NewRepository {
  name: string;
  description?: string | null;
  private?: boolean;
  autoInit?: boolean;
}

const NAME = /^[A-Za-z0-9._-]{1,100}$/;

/** @throws GitHubError UNPROCESSABLE for a name that is malformed or taken */
export async function createRepository(
  hub: Hub,
  owner: Account,
  sender: Account,
  wanted: NewRepository,
): Promise<Repository> {
  const repository = addRepository(hub, owner, { ...wanted, parentId: null, defaultBranch: 'main' });
  await initBareRepository(bareRepositoryDir(hub.store.dir, repository.id), repository.defaultBranch);
  hub.store.addRepository(repository);
  if (wanted.autoInit) {
    const readme = Buffer.from(`# ${repository.name}\n${wanted.description ? `\n${wanted.description}\n` : ''}`);
    await writeCommitOnBranch(hub, repository, sender, {
      branch: repository.defaultBranch,
      expectedHead: null,
      message: 'Initial commit',
      changes: { additions: [{ path: 'README.md', content: readme }], deletions: [] },
    });
  }
  return repository;
}

/** A fork of its own, with all branches; the one that the owner has already, if there is one. */
export async function forkRepository(
  hub: Hub,
  parent: Repository,
  owner: Account,
  name = parent.name,
): Promise<Repository> {
  const known = [...hub.store.repositories.values()].find(
    (one) => one.parentId === parent.id && one.ownerId === owner.id,
  );
  if (known) return known;
  const repository = addRepository(hub, owner, {
    name,
    description: parent.description,
    private: parent.private,
    parentId: parent.id,
    defaultBranch: parent.defaultBranch,
  });
  const dir = bareRepositoryDir(hub.store.dir, repository.id);
  await initBareRepository(dir, repository.defaultBranch);
  await copyBranches(gitDirOf(hub, parent), dir);
  hub.store.addRepository(repository);
  return repository;
}

/** Open pull requests from it are closed, and forks of it stand alone afterwards. */
export async function deleteRepository(hub: Hub, repository: Repository, sender: Account): Promise<void> {
  for (const { base, issue } of openPulls(hub, (one) => one.pull.headRepositoryId === repository.id)) {
    if (base !== repository) await closePull(hub, base, issue, sender);
    issue.pull.headRepositoryId = null;
  }
  for (const fork of hub.store.repositories.values()) {
    if (fork.parentId !== repository.id) continue;
    fork.parentId = null;
    hub.store.touch(fork);
  }
  hub.runs.cancelAll(repository);
  hub.store.removeRepository(repository);
  await removeBareRepository(bareRepositoryDir(hub.store.dir, repository.id));
}

/** @throws GitHubError UNPROCESSABLE for a name that is malformed or taken by another repository of the owner */
export function checkRepositoryName(hub: Hub, owner: Account, name: string): void {
  if (!NAME.test(name) || name === '.' || name === '..' || /\.(git|wiki)$/i.test(name)) {
    throw invalidField('Repository', 'name', 'name is invalid');
  }
  if (hub.store.repositoryByName(owner.login, name)) {
    throw invalidField('Repository', 'name', 'name already exists on this account');
  }
}

/** People create repositories in their own account and in organizations that they own. */
export function mayCreateIn(owner: Account, account: Account): boolean {
  return owner.id === account.id || owner.ownerIds.includes(account.id);
}

function addRepository(
  hub: Hub,
  owner: Account,
  wanted: NewRepository & { parentId: number | null; defaultBranch: string },
): Repository {
  checkRepositoryName(hub, owner, wanted.name);
  const now = hub.now();
  return {
    id: hub.store.nextId(),
    ownerId: owner.id,
    name: wanted.name,
    description: wanted.description ?? null,
    private: wanted.private ?? false,
    archived: false,
    defaultBranch: wanted.defaultBranch,
    parentId: wanted.parentId,
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
    lastNumber: 0,
    collaborators: {},
    labels: [],
    issues: [],
    checkSuites: [],
    checkRuns: [],
    deployments: [],
    workflows: {},
    runs: [],
    hooks: [],
    protectedBranches: [],
  };
}
