import { requireAccount } from '../access/actor.ts';
import { GitHubError } from '../github-error.ts';
import { rateLimit } from '../rest/meta.ts';
import { accountNode, viewerNode } from './accounts.ts';
import { checkRunNode } from './checks.ts';
import { type FoundNode, findNode, type GraphqlContext } from './context.ts';
import { deploymentNode } from './deployments.ts';
import { gitObjectNode } from './git-objects.ts';
import { commentNode, issueNode } from './issues.ts';
import { pullRequestNode } from './pull-requests.ts';
import { findRepository, refNode, repositoryNode } from './repositories.ts';

export function queryRoot(context: GraphqlContext) {
  const { hub, actor } = context;
  return {
    viewer: () => viewerNode(hub, requireAccount(hub, actor)),
    repository: ({ owner, name }: { owner: string; name: string }) =>
      repositoryNode(context, findRepository(context, owner, name)),
    node: ({ id }: { id: string }) => viewNode(context, findNode(context, id)),
    nodes: ({ ids }: { ids: string[] }) => ids.map((id) => viewNode(context, findNode(context, id))),
    user: ({ login }: { login: string }) => accountByLogin(context, login, 'User'),
    organization: ({ login }: { login: string }) => accountByLogin(context, login, 'Organization'),
    rateLimit: () => {
      const { limit, used, remaining, reset } = rateLimit();
      return { limit, used, remaining, cost: 1, nodeCount: 0, resetAt: new Date(reset * 1_000).toISOString() };
    },
  };
}

function accountByLogin({ hub }: GraphqlContext, login: string, type: 'User' | 'Organization') {
  const account = hub.store.accountByLogin(login);
  if (account?.type === type) return accountNode(hub, account);
  const what = type === 'User' ? 'a User' : 'an Organization';
  throw new GitHubError('NOT_FOUND', `Could not resolve to ${what} with the login of '${login}'.`);
}

function viewNode(context: GraphqlContext, found: FoundNode): unknown {
  switch (found.type) {
    case 'Repository':
      return repositoryNode(context, found.repository);
    case 'Issue':
      return issueNode(context, found.repository, found.issue);
    case 'PullRequest':
      return pullRequestNode(context, found.repository, found.issue);
    case 'IssueComment':
      return commentNode(context, found.repository, found.issue, found.comment);
    case 'CheckRun':
      return checkRunNode(context, found.repository, found.checkRun);
    case 'Deployment':
      return deploymentNode(context, found.repository, found.deployment);
    case 'Ref':
      return refNode(context, found.repository, found.ref);
    case 'Commit':
    case 'Tree':
    case 'Blob':
      return gitObjectNode(context, found.repository, found.oid);
    default:
      return accountNode(context.hub, found.account);
  }
}
