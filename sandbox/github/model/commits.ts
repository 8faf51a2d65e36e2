import { commitTree } from '../git/commits.ts';
import { listTree } from '../git/objects.ts';
import { readRef, updateRef } from '../git/refs.ts';
import { type FileChanges, isRefusedByGit, isTreePath, writeChangedTree } from '../git/write-tree.ts';
import { GitHubError, unprocessable } from '../github-error.ts';
import { type Hub, tmpDirOf, WEB_FLOW } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import { noreplyEmail } from '../views/commit.ts';
import { changeRefs } from './ref-changes.ts';

export interface BranchCommit {
  branch: string;
  /** Compare-and-set: the branch must be here; null: it must not exist yet. */
  expectedHead: string | null;
  message: string;
  changes: FileChanges;
  /** Who wrote and who committed; the sender and GitHub itself unless told. */
  author?: { name: string; email: string; date?: string } | undefined;
  committer?: { name: string; email: string; date?: string } | undefined;
}

/**
 * One commit on top of a branch, by plumbing.
 * @returns its object id
 * @throws GitHubError STALE_DATA where the branch is elsewhere; UNPROCESSABLE for a path that cannot be written
 */
export function writeCommitOnBranch(
  hub: Hub,
  repository: Repository,
  sender: Account,
  commit: BranchCommit,
): Promise<string> {
  const ref = `refs/heads/${commit.branch}`;
  return changeRefs(hub, repository, sender, async (dir) => {
    const head = await readRef(dir, ref);
    if (head !== commit.expectedHead) throw staleBranch(commit.expectedHead);
    await checkPaths(dir, head, commit.changes);
    const tree = await writeChangedTree(dir, tmpDirOf(hub), head, commit.changes).catch((error: unknown) => {
      throw isRefusedByGit(error) ? unprocessable(`Invalid path: ${error.stderr.trim()}`) : error;
    });
    const now = hub.now();
    const author = { date: now, ...(commit.author ?? { name: sender.login, email: noreplyEmail(sender) }) };
    const committer = { date: now, ...(commit.committer ?? WEB_FLOW) };
    const parents = head === null ? [] : [head];
    const oid = await commitTree(dir, { tree, parents, message: commit.message, author, committer });
    const moved = await updateRef(dir, { ref, expected: head, next: oid });
    if (!moved) throw staleBranch(commit.expectedHead);
    return oid;
  });
}

function staleBranch(expected: string | null): GitHubError {
  return new GitHubError('STALE_DATA', `Expected branch to point to "${expected}" but it did not. Pull and try again.`);
}

async function checkPaths(dir: string, head: string | null, changes: FileChanges): Promise<void> {
  for (const path of [...changes.additions.map((file) => file.path), ...changes.deletions]) {
    if (!isTreePath(path)) throw unprocessable(`A path was requested which is not valid: "${path}"`);
  }
  if (changes.deletions.length === 0) return;
  const known = new Set(head === null ? [] : (await listTree(dir, head, true)).map((entry) => entry.path));
  const missing = changes.deletions.find((path) => !known.has(path));
  if (missing === undefined) return;
  throw unprocessable(
    `A path was requested for deletion which does not exist as of commit oid \`${head}\`: "${missing}"`,
  );
}
