import type { Actor } from '../access/actor.ts';
import type { Hub } from '../hub.ts';
import type { GraphqlContext } from './context.ts';
import { commitNode, commitNodeByOid } from './git-objects.ts';
import { pullRequestNode } from './pull-requests.ts';
import { refNode, repositoryNode } from './repositories.ts';

export function newContext(hub: Hub, actor: Actor): GraphqlContext {
  const context: GraphqlContext = {
    hub,
    actor,
    nodes: {
      repository: (repository) => repositoryNode(context, repository),
      pullRequest: (repository, issue) => pullRequestNode(context, repository, issue),
      ref: (repository, ref) => refNode(context, repository, ref),
      commit: (repository, commit) => commitNode(context, repository, commit),
      commitByOid: (repository, oid) => commitNodeByOid(context, repository, oid),
    },
  };
  return context;
}
