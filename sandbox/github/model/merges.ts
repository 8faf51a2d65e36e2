import { commitTree } from '../git/commits.ts';
import { mergeTrees } from '../git/merge-trees.ts';
import { readRef, updateRef } from '../git/refs.ts';
import { GitHubError } from '../github-error.ts';
import { type Hub, tmpDirOf, WEB_FLOW } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import { noreplyEmail } from '../views/commit.ts';
import type { PullIssue } from '../views/pull-request.ts';
import { emitPullRequest } from '../webhooks/events.ts';
import { recordMerge } from './pull-states.ts';
import { changeRefs } from './ref-changes.ts';

export interface MergeWish {
  method: 'merge' | 'squash' | 'rebase';
  /** Compare-and-set: the pull request's head must be here. */
  expectedHead?: string | undefined;
  title?: string | undefined;
  message?: string | undefined;
}

/**
 * @returns the commit that is on the base branch now
 * @throws GitHubError NOT_ALLOWED (405) where it is closed, a draft, protected or in conflict; CONFLICT (409) where its
 *   head is elsewhere
 */
export async function mergePull(
  hub: Hub,
  repository: Repository,
  issue: PullIssue,
  sender: Account,
  wish: MergeWish,
): Promise<string> {
  const sha = await changeRefs(hub, repository, sender, async (dir) => {
    checkMergeable(repository, issue, wish);
    const ref = `refs/heads/${issue.pull.baseRef}`;
    const base = await readRef(dir, ref);
    const tree = base && (await mergeTrees(dir, tmpDirOf(hub), base, issue.pull.headSha));
    if (!base || !tree) throw notMergeable('Pull Request is not mergeable');
    const date = hub.now();
    const merged = await commitTree(dir, {
      tree,
      parents: wish.method === 'squash' ? [base] : [base, issue.pull.headSha],
      message: messageOf(issue, wish),
      author: { name: sender.login, email: noreplyEmail(sender), date },
      committer: { ...WEB_FLOW, date },
    });
    if (!(await updateRef(dir, { ref, expected: base, next: merged }))) throw notMergeable('Base branch was modified');
    recordMerge(hub, repository, issue, sender, merged);
    return merged;
  });
  await emitPullRequest(hub, { repository, sender }, 'closed', issue);
  return sha;
}

function checkMergeable(repository: Repository, issue: PullIssue, wish: MergeWish): void {
  const { pull } = issue;
  if (pull.mergedAt) throw notMergeable('Pull Request is already merged');
  if (issue.state === 'closed') throw notMergeable('Pull Request is closed');
  if (pull.draft) throw notMergeable('Pull Request is still a draft');
  if (wish.expectedHead !== undefined && wish.expectedHead !== pull.headSha) {
    throw new GitHubError('CONFLICT', 'Head branch was modified. Review and try the merge again.');
  }
  if (wish.method === 'rebase') throw notMergeable('Rebase merges are not allowed on this repository.');
  if (repository.protectedBranches.includes(pull.baseRef)) {
    throw notMergeable('At least 1 approving review is required by reviewers with write access.');
  }
  const required = repository.requiredChecks?.[pull.baseRef];
  if (required !== undefined && !hasPassed(repository, required, pull.headSha)) {
    throw notMergeable(`Required status check "${required}" is expected.`);
  }
}

/** The newest run of the name counts. */
function hasPassed({ checkRuns }: Repository, name: string, headSha: string): boolean {
  const newest = checkRuns.findLast((run) => run.name === name && run.headSha === headSha);
  return newest?.conclusion != null && ['success', 'neutral', 'skipped'].includes(newest.conclusion);
}

function messageOf(issue: PullIssue, wish: MergeWish): string {
  const squash = wish.method === 'squash';
  const from = issue.pull.headLabel.replace(':', '/');
  const title =
    wish.title ?? (squash ? `${issue.title} (#${issue.number})` : `Merge pull request #${issue.number} from ${from}`);
  const message = wish.message ?? (squash ? '' : issue.title);
  return message ? `${title}\n\n${message}` : title;
}

function notMergeable(message: string): GitHubError {
  return new GitHubError('NOT_ALLOWED', message);
}
