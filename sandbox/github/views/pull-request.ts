import { countCommits, mergeBase } from '../git/commits.ts';
import { diffFiles } from '../git/diff.ts';
import { mergeTrees } from '../git/merge-trees.ts';
import { readRef } from '../git/refs.ts';
import { gitDirOf, type Hub, ownerOf, tmpDirOf } from '../hub.ts';
import type { Issue, PullRequest, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { associationOf, issueHtmlUrl, viewLabels } from './issue.ts';
import { repositoryUrl, viewRepository } from './repository.ts';
import { viewUser } from './user.ts';

export interface PullIssue extends Issue {
  pull: PullRequest;
}

/** GitHub's `pull-request-simple`, as lists give it. */
export function viewPullRequestSimple(hub: Hub, repository: Repository, issue: PullIssue) {
  const { pull } = issue;
  const api = `${repositoryUrl(hub, repository)}/pulls/${issue.number}`;
  const issueApi = `${repositoryUrl(hub, repository)}/issues/${issue.number}`;
  const html = issueHtmlUrl(hub, repository, issue);
  const assignees = issue.assigneeIds.map((id) => viewUser(hub, hub.store.account(id)));
  const statuses = `${repositoryUrl(hub, repository)}/statuses/${pull.headSha}`;
  const links = {
    self: api,
    html,
    issue: issueApi,
    comments: `${issueApi}/comments`,
    review_comments: `${api}/comments`,
    review_comment: `${repositoryUrl(hub, repository)}/pulls/comments{/number}`,
    commits: `${api}/commits`,
    statuses,
  };
  return {
    url: api,
    id: pull.id,
    node_id: nodeId('PullRequest', repository.id, pull.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueApi,
    number: issue.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: viewUser(hub, hub.store.account(issue.accountId)),
    body: issue.body,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeSha,
    assignee: assignees[0] ?? null,
    assignees,
    requested_reviewers: [],
    requested_teams: [],
    labels: viewLabels(hub, repository, issue.labels),
    milestone: null,
    draft: pull.draft,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: statuses,
    head: viewHead(hub, pull),
    base: {
      label: `${ownerOf(hub, repository).login}:${pull.baseRef}`,
      ref: pull.baseRef,
      sha: pull.baseSha,
      user: viewUser(hub, ownerOf(hub, repository)),
      repo: viewRepository(hub, repository),
    },
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: associationOf(hub, repository, issue.accountId),
    auto_merge: null,
    active_lock_reason: null,
  };
}

/** GitHub's `pull-request`, with what only git can count. */
export async function viewPullRequest(hub: Hub, repository: Repository, issue: PullIssue) {
  const { pull } = issue;
  const dir = gitDirOf(hub, repository);
  const [files, commits, mergeable] = await Promise.all([
    diffFiles(dir, await diffBase(hub, repository, pull), pull.headSha),
    countCommits(dir, pull.baseSha, pull.headSha),
    isMergeable(hub, repository, issue),
  ]);
  return {
    ...viewPullRequestSimple(hub, repository, issue),
    merged: pull.mergedAt !== null,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeable === null ? 'unknown' : mergeable ? mergeableState(repository, pull) : 'dirty',
    merged_by: pull.mergedById === null ? null : viewUser(hub, hub.store.account(pull.mergedById)),
    comments: issue.comments.length,
    review_comments: 0,
    maintainer_can_modify: pull.maintainerCanModify,
    commits,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  };
}

/** The commit a pull request's diff starts from: where its branch left the base. */
export async function diffBase(hub: Hub, repository: Repository, pull: PullRequest): Promise<string> {
  return (await mergeBase(gitDirOf(hub, repository), pull.baseSha, pull.headSha)) ?? pull.baseSha;
}

/** @returns null where it is closed, so that nobody computes it any more */
export async function isMergeable(hub: Hub, repository: Repository, issue: PullIssue): Promise<boolean | null> {
  if (issue.state === 'closed') return null;
  const dir = gitDirOf(hub, repository);
  const base = await readRef(dir, `refs/heads/${issue.pull.baseRef}`);
  if (!base) return false;
  return (await mergeTrees(dir, tmpDirOf(hub), base, issue.pull.headSha)) !== undefined;
}

function mergeableState(repository: Repository, pull: PullRequest): string {
  if (pull.draft) return 'draft';
  return repository.protectedBranches.includes(pull.baseRef) ? 'blocked' : 'clean';
}

function viewHead(hub: Hub, pull: PullRequest) {
  const repository = pull.headRepositoryId === null ? undefined : hub.store.repositories.get(pull.headRepositoryId);
  return {
    label: pull.headLabel,
    ref: pull.headRef,
    sha: pull.headSha,
    user: repository ? viewUser(hub, ownerOf(hub, repository)) : null,
    repo: repository ? viewRepository(hub, repository) : null,
  };
}
