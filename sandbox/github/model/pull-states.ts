import { fetchRef } from '../git/bare-repository.ts';
import { isAncestor } from '../git/commits.ts';
import { type RefChange, readRef } from '../git/refs.ts';
import { git } from '../git/run-git.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import type { PullIssue } from '../views/pull-request.ts';
import { emitPullRequest } from '../webhooks/events.ts';

export interface OpenPull {
  /** The repository that it is a pull request of. */
  base: Repository;
  issue: PullIssue;
}

export function openPulls(hub: Hub, matches: (issue: PullIssue, base: Repository) => boolean): OpenPull[] {
  return [...hub.store.repositories.values()].flatMap((base) =>
    base.issues
      .filter((issue): issue is PullIssue => issue.pull !== null && issue.state === 'open')
      .filter((issue) => matches(issue, base))
      .map((issue) => ({ base, issue })),
  );
}

/**
 * What a changed branch does to open pull requests, as on GitHub: a deleted head or base closes them; a head that its
 * base contains by now closes them too, as merged when it was the base that moved; any other new head is a
 * `synchronize`.
 */
export async function followBranch(
  hub: Hub,
  repository: Repository,
  sender: Account,
  change: RefChange,
): Promise<void> {
  const branch = change.ref.slice('refs/heads/'.length);
  const fromHere = openPulls(hub, ({ pull }) => pull.headRepositoryId === repository.id && pull.headRef === branch);
  for (const { base, issue } of fromHere) {
    if (change.after === null) await closePull(hub, base, issue, sender);
    else await moveHead(hub, base, issue, { repository, sender, before: change.before, after: change.after });
  }
  const intoHere = openPulls(hub, ({ pull }, base) => base === repository && pull.baseRef === branch);
  for (const { base, issue } of intoHere) {
    if (change.after === null) await closePull(hub, base, issue, sender);
    else if (await isAncestor(gitDirOf(hub, base), issue.pull.headSha, change.after)) {
      await markMerged(hub, base, issue, sender, change.after);
    }
  }
}

export async function closePull(hub: Hub, base: Repository, issue: PullIssue, sender: Account): Promise<void> {
  closeIssueEntity(hub, base, issue, sender);
  await emitPullRequest(hub, { repository: base, sender }, 'closed', issue);
}

async function markMerged(
  hub: Hub,
  base: Repository,
  issue: PullIssue,
  sender: Account,
  mergeSha: string,
): Promise<void> {
  recordMerge(hub, base, issue, sender, mergeSha);
  await emitPullRequest(hub, { repository: base, sender }, 'closed', issue);
}

/** Only the record; the webhook is left to the caller. */
export function recordMerge(hub: Hub, base: Repository, issue: PullIssue, sender: Account, mergeSha: string): void {
  closeIssueEntity(hub, base, issue, sender);
  issue.pull.mergedAt = issue.closedAt;
  issue.pull.mergedById = sender.id;
  issue.pull.mergeSha = mergeSha;
}

/** Makes `refs/pull/<number>/head` point to a commit of the head repository. */
export async function publishHead(
  hub: Hub,
  base: Repository,
  issue: { number: number },
  head: { repository: Repository; ref: string; sha: string },
): Promise<void> {
  const dir = gitDirOf(hub, base);
  const target = `refs/pull/${issue.number}/head`;
  if (head.repository !== base) await fetchRef(dir, gitDirOf(hub, head.repository), head.ref, target);
  await git(dir, ['update-ref', target, head.sha]);
}

async function moveHead(
  hub: Hub,
  base: Repository,
  issue: PullIssue,
  move: { repository: Repository; sender: Account; before: string | null; after: string },
): Promise<void> {
  const { sender, before, after } = move;
  const ref = `refs/heads/${issue.pull.headRef}`;
  await publishHead(hub, base, issue, { repository: move.repository, ref, sha: after });
  const dir = gitDirOf(hub, base);
  const baseTip = (await readRef(dir, `refs/heads/${issue.pull.baseRef}`)) ?? issue.pull.baseSha;
  issue.pull.headSha = after;
  issue.pull.baseSha = baseTip;
  issue.updatedAt = hub.now();
  hub.store.touch(base);
  if (await isAncestor(dir, after, baseTip)) await closePull(hub, base, issue, sender);
  else await emitPullRequest(hub, { repository: base, sender }, 'synchronize', issue, { before, after });
}

function closeIssueEntity(hub: Hub, base: Repository, issue: PullIssue, sender: Account): void {
  const now = hub.now();
  issue.state = 'closed';
  issue.closedAt = now;
  issue.updatedAt = now;
  issue.closedById = sender.id;
  hub.store.touch(base);
}
