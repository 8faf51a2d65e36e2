import { roleAtLeast, roleOf } from '../access/roles.ts';
import type { Hub } from '../hub.ts';
import type { Comment, Issue, Label, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { viewApp } from './app.ts';
import { viewReactionCounts } from './reactions.ts';
import { repositoryHtmlUrl, repositoryUrl } from './repository.ts';
import { viewUser } from './user.ts';

/** GitHub's `issue`; a pull request has one too, with `pull_request` set. */
export function viewIssue(hub: Hub, repository: Repository, issue: Issue) {
  const api = `${repositoryUrl(hub, repository)}/issues/${issue.number}`;
  const assignees = issue.assigneeIds.map((id) => viewUser(hub, hub.store.account(id)));
  return {
    url: api,
    repository_url: repositoryUrl(hub, repository),
    labels_url: `${api}/labels{/name}`,
    comments_url: `${api}/comments`,
    events_url: `${api}/events`,
    html_url: issueHtmlUrl(hub, repository, issue),
    id: issue.id,
    node_id: issueNodeId(repository, issue),
    number: issue.number,
    title: issue.title,
    user: viewUser(hub, hub.store.account(issue.accountId)),
    labels: viewLabels(hub, repository, issue.labels),
    state: issue.state,
    locked: issue.locked,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    comments: issue.comments.length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    closed_by: issue.closedById === null ? null : viewUser(hub, hub.store.account(issue.closedById)),
    author_association: associationOf(hub, repository, issue.accountId),
    active_lock_reason: null,
    body: issue.body,
    reactions: viewReactionCounts(api, issue.reactions),
    timeline_url: `${api}/timeline`,
    performed_via_github_app: issue.viaApp ? viewApp(hub) : null,
    state_reason: issue.stateReason,
    ...(issue.pull ? pullLinks(hub, repository, issue) : {}),
  };
}

export function viewComment(hub: Hub, repository: Repository, issue: Issue, comment: Comment) {
  const api = `${repositoryUrl(hub, repository)}/issues/comments/${comment.id}`;
  return {
    url: api,
    html_url: `${issueHtmlUrl(hub, repository, issue)}#issuecomment-${comment.id}`,
    issue_url: `${repositoryUrl(hub, repository)}/issues/${issue.number}`,
    id: comment.id,
    node_id: nodeId('IssueComment', repository.id, comment.id),
    user: viewUser(hub, hub.store.account(comment.accountId)),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: associationOf(hub, repository, comment.accountId),
    body: comment.body,
    reactions: viewReactionCounts(api, comment.reactions),
    performed_via_github_app: comment.viaApp ? viewApp(hub) : null,
  };
}

export function viewLabel(hub: Hub, repository: Repository, label: Label) {
  return {
    id: label.id,
    node_id: nodeId('Label', repository.id, label.id),
    url: `${repositoryUrl(hub, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

export function viewLabels(hub: Hub, repository: Repository, names: readonly string[]) {
  return repository.labels
    .filter((label) => names.includes(label.name))
    .map((label) => viewLabel(hub, repository, label));
}

export function issueNodeId(repository: Repository, issue: Issue): string {
  return issue.pull ? nodeId('PullRequest', repository.id, issue.pull.id) : nodeId('Issue', repository.id, issue.id);
}

export function issueHtmlUrl(hub: Hub, repository: Repository, issue: Issue): string {
  return `${repositoryHtmlUrl(hub, repository)}/${issue.pull ? 'pull' : 'issues'}/${issue.number}`;
}

export function associationOf(hub: Hub, repository: Repository, accountId: number): string {
  if (repository.ownerId === accountId) return 'OWNER';
  const account = hub.store.account(accountId);
  if (account.type === 'Bot') return 'NONE';
  if (hub.store.account(repository.ownerId).ownerIds.includes(accountId)) return 'MEMBER';
  const given = repository.collaborators[accountId] ?? 'none';
  return given !== 'none' && roleAtLeast(roleOf(hub, repository, account), 'read') ? 'COLLABORATOR' : 'NONE';
}

function pullLinks(hub: Hub, repository: Repository, issue: Issue) {
  const html = issueHtmlUrl(hub, repository, issue);
  return {
    draft: issue.pull?.draft ?? false,
    pull_request: {
      url: `${repositoryUrl(hub, repository)}/pulls/${issue.number}`,
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      merged_at: issue.pull?.mergedAt ?? null,
    },
  };
}
