import { GitHubError, invalidField } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { Account, Comment, Issue, Repository } from '../store/entities.ts';
import { emitIssueComment } from '../webhooks/events.ts';
import { checkBody } from './issues.ts';

export interface CommentSubject {
  repository: Repository;
  issue: Issue;
  comment: Comment;
}

/** @param mayWrite whether the sender may comment although the issue is locked */
export function createComment(
  hub: Hub,
  repository: Repository,
  issue: Issue,
  sender: Account,
  wanted: { body: string; viaApp: boolean; mayWrite: boolean },
): Comment {
  checkCommentBody(wanted.body);
  if (issue.locked && !wanted.mayWrite) {
    throw new GitHubError('FORBIDDEN', 'Unable to create comment because issue is locked.');
  }
  const now = hub.now();
  const comment: Comment = {
    id: hub.store.nextId(),
    accountId: sender.id,
    body: wanted.body,
    createdAt: now,
    updatedAt: now,
    reactions: [],
    viaApp: wanted.viaApp,
  };
  issue.comments.push(comment);
  issue.updatedAt = now;
  hub.store.touch(repository);
  emitIssueComment(hub, { repository, sender }, 'created', { issue, comment });
  return comment;
}

export function updateComment(hub: Hub, subject: CommentSubject, sender: Account, body: string): void {
  checkCommentBody(body);
  const { repository, issue, comment } = subject;
  const previousBody = comment.body;
  comment.body = body;
  comment.updatedAt = hub.now();
  hub.store.touch(repository);
  emitIssueComment(hub, { repository, sender }, 'edited', { issue, comment, previousBody });
}

export function deleteComment(hub: Hub, { repository, issue, comment }: CommentSubject, sender: Account): void {
  issue.comments = issue.comments.filter((one) => one !== comment);
  hub.store.touch(repository);
  emitIssueComment(hub, { repository, sender }, 'deleted', { issue, comment });
}

export function findComment(repository: Repository, id: number): CommentSubject | undefined {
  for (const issue of repository.issues) {
    const comment = issue.comments.find((one) => one.id === id);
    if (comment) return { repository, issue, comment };
  }
  return undefined;
}

function checkCommentBody(body: string): void {
  if (body.trim() === '') throw invalidField('IssueComment', 'body', "Body can't be blank");
  checkBody('IssueComment', body);
}
