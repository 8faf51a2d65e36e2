import { mayDo, need } from '../access/authorize.ts';
import { GitHubError } from '../github-error.ts';
import { createComment, updateComment } from '../model/comments.ts';
import { addReaction } from '../model/reactions.ts';
import { findNodeOf, type GraphqlContext, reactableOf, requireWrite } from './context.ts';
import { commentNode, issueOrPullRequestNode } from './issues.ts';
import type { Mutations } from './mutation-root.ts';
import { reactableFields, reactionContent, reactionNode } from './reactions.ts';

const WRITE = need('read', 'issues:write', 'pull_requests:write');

export function conversationMutations(context: GraphqlContext): Mutations {
  const { hub, actor } = context;
  return {
    addReaction: (input: { subjectId: string; content: string }) => {
      const node = findNodeOf(context, input.subjectId, 'Issue', 'PullRequest', 'IssueComment');
      const sender = requireWrite(context, node.repository, WRITE);
      const subject = reactableOf(node);
      const { reaction } = addReaction(hub, node.repository, subject, sender, reactionContent(input.content));
      return {
        reaction: reactionNode(context, reaction),
        reactionGroups: reactableFields(context, subject.reactions).reactionGroups,
        subject: () =>
          node.type === 'IssueComment'
            ? commentNode(context, node.repository, node.issue, node.comment)
            : issueOrPullRequestNode(context, node.repository, node.issue),
      };
    },
    addComment: (input: { subjectId: string; body: string }) => {
      const { repository, issue } = findNodeOf(context, input.subjectId, 'Issue', 'PullRequest');
      const sender = requireWrite(context, repository, WRITE);
      const comment = createComment(hub, repository, issue, sender, {
        body: input.body,
        viaApp: actor.kind === 'installation',
        mayWrite: mayDo(hub, repository, actor, need('write', 'issues:write')),
      });
      const edge = { cursor: String(comment.id), node: commentNode(context, repository, issue, comment) };
      return {
        commentEdge: edge,
        timelineEdge: edge,
        subject: () => issueOrPullRequestNode(context, repository, issue),
      };
    },
    updateIssueComment: (input: { id: string; body: string }) => {
      const subject = findNodeOf(context, input.id, 'IssueComment');
      const { repository, issue, comment } = subject;
      const sender = requireWrite(context, repository, WRITE);
      if (comment.accountId !== sender.id && !mayDo(hub, repository, actor, need('write', 'issues:write'))) {
        throw new GitHubError(
          'FORBIDDEN',
          `${sender.login} does not have the correct permissions to edit this comment`,
        );
      }
      updateComment(hub, subject, sender, input.body);
      return { issueComment: commentNode(context, repository, issue, comment) };
    },
  };
}
