import { accountOf } from '../access/actor.ts';
import type { Comment, Issue, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { associationOf, issueHtmlUrl, issueNodeId } from '../views/issue.ts';
import type { PullIssue } from '../views/pull-request.ts';
import { accountNodeById } from './accounts.ts';
import { type ConnectionArguments, connection } from './connections.ts';
import type { GraphqlContext } from './context.ts';
import { reactableFields } from './reactions.ts';

export function issueNode(context: GraphqlContext, repository: Repository, issue: Issue) {
  return {
    __typename: 'Issue',
    ...conversationFields(context, repository, issue),
    databaseId: issue.id,
    fullDatabaseId: String(issue.id),
    state: issue.state.toUpperCase(),
    stateReason: issue.stateReason?.toUpperCase() ?? null,
  };
}

/** What issues and pull requests have in common. */
export function conversationFields(context: GraphqlContext, repository: Repository, issue: Issue) {
  const { hub, actor } = context;
  const url = issueHtmlUrl(hub, repository, issue);
  return {
    id: issueNodeId(repository, issue),
    number: issue.number,
    title: issue.title,
    body: issue.body ?? '',
    bodyText: issue.body ?? '',
    url,
    resourcePath: new URL(url).pathname,
    locked: issue.locked,
    closed: issue.state === 'closed',
    closedAt: issue.closedAt,
    createdAt: issue.createdAt,
    updatedAt: issue.updatedAt,
    author: () => accountNodeById(hub, issue.accountId),
    authorAssociation: associationOf(hub, repository, issue.accountId),
    viewerDidAuthor: accountOf(hub, actor)?.id === issue.accountId,
    repository: () => context.nodes.repository(repository),
    comments: (args: ConnectionArguments) =>
      connection(issue.comments, args, (one) => commentNode(context, repository, issue, one)),
    labels: (args: ConnectionArguments) => {
      const labels = repository.labels.filter((label) => issue.labels.includes(label.name));
      return connection(labels, args, (label) => ({
        __typename: 'Label',
        id: nodeId('Label', repository.id, label.id),
        name: label.name,
        color: label.color,
        description: label.description,
      }));
    },
    assignees: (args: ConnectionArguments) =>
      connection(issue.assigneeIds, args, (accountId) => accountNodeById(hub, accountId)),
    ...reactableFields(context, issue.reactions),
  };
}

export function issueOrPullRequestNode(context: GraphqlContext, repository: Repository, issue: Issue) {
  return issue.pull ? context.nodes.pullRequest(repository, issue as PullIssue) : issueNode(context, repository, issue);
}

export function commentNode(context: GraphqlContext, repository: Repository, issue: Issue, comment: Comment) {
  const { hub, actor } = context;
  const url = `${issueHtmlUrl(hub, repository, issue)}#issuecomment-${comment.id}`;
  const edited = comment.updatedAt !== comment.createdAt;
  return {
    __typename: 'IssueComment',
    id: nodeId('IssueComment', repository.id, comment.id),
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    body: comment.body,
    bodyText: comment.body,
    url,
    resourcePath: new URL(url).pathname,
    createdAt: comment.createdAt,
    updatedAt: comment.updatedAt,
    publishedAt: comment.createdAt,
    lastEditedAt: edited ? comment.updatedAt : null,
    includesCreatedEdit: edited,
    isMinimized: false,
    minimizedReason: null,
    author: () => accountNodeById(hub, comment.accountId),
    authorAssociation: associationOf(hub, repository, comment.accountId),
    viewerDidAuthor: accountOf(hub, actor)?.id === comment.accountId,
    issue: () => (issue.pull ? null : issueNode(context, repository, issue)),
    pullRequest: () => (issue.pull ? context.nodes.pullRequest(repository, issue as PullIssue) : null),
    repository: () => context.nodes.repository(repository),
    ...reactableFields(context, comment.reactions),
  };
}
