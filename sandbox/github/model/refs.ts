import { isAncestor } from '../git/commits.ts';
import { resolveCommit } from '../git/objects.ts';
import { isRefName, readRef, SHA, updateRef } from '../git/refs.ts';
import { unprocessable } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import { changeRefs } from './ref-changes.ts';

/** @throws GitHubError UNPROCESSABLE for a bad name, an unknown commit, or a ref that exists */
export function createRef(
  hub: Hub,
  repository: Repository,
  sender: Account,
  { ref, oid }: { ref: string; oid: string },
): Promise<void> {
  checkRefName(ref);
  return changeRefs(hub, repository, sender, async (dir) => {
    if (!SHA.test(oid) || !(await resolveCommit(dir, oid))) throw unprocessable('Object does not exist');
    if (await readRef(dir, ref)) throw unprocessable('Reference already exists');
    if (!(await updateRef(dir, { ref, expected: null, next: oid }))) throw unprocessable('Reference cannot be created');
  });
}

/** @throws GitHubError UNPROCESSABLE where it does not exist, or is no fast-forward and `force` is not set */
export function moveRef(
  hub: Hub,
  repository: Repository,
  sender: Account,
  { ref, oid, force }: { ref: string; oid: string; force: boolean },
): Promise<void> {
  checkRefName(ref);
  return changeRefs(hub, repository, sender, async (dir) => {
    const now = await readRef(dir, ref);
    if (!now) throw unprocessable('Reference does not exist');
    if (!SHA.test(oid) || !(await resolveCommit(dir, oid))) throw unprocessable('Object does not exist');
    if (!force && !(await isAncestor(dir, now, oid))) throw unprocessable('Update is not a fast forward');
    if (!(await updateRef(dir, { ref, expected: now, next: oid }))) throw unprocessable('Reference cannot be updated');
  });
}

/** @throws GitHubError UNPROCESSABLE where it does not exist or is the default branch */
export function deleteRef(hub: Hub, repository: Repository, sender: Account, ref: string): Promise<void> {
  checkRefName(ref);
  return changeRefs(hub, repository, sender, async (dir) => {
    const now = await readRef(dir, ref);
    if (!now) throw unprocessable('Reference does not exist');
    if (ref === `refs/heads/${repository.defaultBranch}`) throw unprocessable('Cannot delete the default branch');
    await updateRef(dir, { ref, expected: now, next: null });
  });
}

function checkRefName(ref: string): void {
  if (!isRefName(ref) || !/^refs\/(heads|tags)\//.test(ref)) throw unprocessable(`${ref} is not a valid ref name.`);
}
