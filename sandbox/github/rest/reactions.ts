import { need } from '../access/authorize.ts';
import { addReaction } from '../model/reactions.ts';
import type { Reaction, ReactionContent } from '../store/entities.ts';
import { viewReaction } from '../views/reactions.ts';
import { readText } from './fields.ts';
import { commentParam } from './issues.ts';
import { paged } from './paging.ts';
import {
  issueParam,
  json,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('read', 'issues:read', 'pull_requests:read');
const WRITE = need('read', 'issues:write', 'pull_requests:write');

export const reactionRoutes: Routes = {
  'POST /repos/{owner}/{repo}/issues/{issue_number}/reactions': repositoryRoute(WRITE, (call) => {
    return react(call, issueParam(call));
  }),
  'GET /repos/{owner}/{repo}/issues/{issue_number}/reactions': repositoryRoute(READ, (call) => {
    return list(call, issueParam(call));
  }),
  'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': repositoryRoute(WRITE, (call) => {
    return react(call, commentParam(call).comment);
  }),
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': repositoryRoute(READ, (call) => {
    return list(call, commentParam(call).comment);
  }),
};

function react(call: RepositoryCall, subject: { reactions: Reaction[] }): RestAnswer {
  const content = readText(call.body, 'content') as ReactionContent;
  const { reaction, created } = addReaction(call.hub, call.repository, subject, senderOf(call), content);
  return json(viewReaction(call.hub, reaction), created ? 201 : 200);
}

function list(call: RepositoryCall, subject: { reactions: Reaction[] }): Promise<RestAnswer> {
  const content = call.query.get('content');
  const matching = subject.reactions.filter((one) => content === null || one.content === content);
  return paged(call, matching, (one) => viewReaction(call.hub, one));
}
