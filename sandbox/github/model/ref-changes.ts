import { setDefaultBranch } from '../git/bare-repository.ts';
import { changesBetween, listRefs, type RefChange } from '../git/refs.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import { emitPush } from '../webhooks/events.ts';
import { followBranch } from './pull-states.ts';

/**
 * The one way in which refs change, whether by a push, REST or GraphQL: the work runs alone in its repository, and what
 * it changed is found by comparing the refs before and after, so that no way can forget its webhooks.
 */
export function changeRefs<T>(
  hub: Hub,
  repository: Repository,
  sender: Account,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  return hub.refLock.run(repository.id, async () => {
    const dir = gitDirOf(hub, repository);
    const before = await listRefs(dir, 'refs/heads', 'refs/tags');
    try {
      return await work(dir);
    } finally {
      const after = await listRefs(dir, 'refs/heads', 'refs/tags');
      await follow(hub, repository, sender, changesBetween(before, after), after);
      hub.store.flush();
    }
  });
}

async function follow(
  hub: Hub,
  repository: Repository,
  sender: Account,
  changes: RefChange[],
  refs: Map<string, string>,
): Promise<void> {
  if (changes.length === 0) return;
  repository.pushedAt = hub.now();
  hub.store.touch(repository);
  await adoptDefaultBranch(hub, repository, refs);
  for (const change of changes) {
    await emitPush(hub, { repository, sender }, change);
    if (change.ref.startsWith('refs/heads/')) await followBranch(hub, repository, sender, change);
  }
}

/** The first branch that is pushed to an empty repository becomes its default branch. */
async function adoptDefaultBranch(hub: Hub, repository: Repository, refs: Map<string, string>): Promise<void> {
  const branches = [...refs.keys()].filter((ref) => ref.startsWith('refs/heads/'));
  const first = branches[0];
  if (first === undefined || refs.has(`refs/heads/${repository.defaultBranch}`)) return;
  repository.defaultBranch = first.slice('refs/heads/'.length);
  await setDefaultBranch(gitDirOf(hub, repository), repository.defaultBranch);
}
