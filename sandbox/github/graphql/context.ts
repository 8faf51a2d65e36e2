import type { Actor } from '../access/actor.ts';
import { requireAccount } from '../access/actor.ts';
import { authorize, canSee, type Need } from '../access/authorize.ts';
import type { Commit } from '../git/commits.ts';
import { GitHubError } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { Account, CheckRun, Comment, Deployment, Issue, Reaction, Repository } from '../store/entities.ts';
import { type NodeType, parseNodeId } from '../store/node-id.ts';
import type { PullIssue } from '../views/pull-request.ts';

/** What every resolver gets. */
export interface GraphqlContext {
  hub: Hub;
  actor: Actor;
  nodes: Nodes;
}

/** The nodes that others lead back to. They come by the context, since their files would import each other in a circle. */
interface Nodes {
  repository(repository: Repository): object;
  pullRequest(repository: Repository, issue: PullIssue): object;
  ref(repository: Repository, ref: string): Promise<object | null>;
  commit(repository: Repository, commit: Commit): object;
  commitByOid(repository: Repository, oid: string): Promise<object | null>;
}

/** What a node id can stand for. */
export type FoundNode =
  | { type: 'User' | 'Organization' | 'Bot'; account: Account }
  | { type: 'Repository'; repository: Repository }
  | { type: 'Issue'; repository: Repository; issue: Issue }
  | { type: 'PullRequest'; repository: Repository; issue: PullIssue }
  | { type: 'IssueComment'; repository: Repository; issue: Issue; comment: Comment }
  | { type: 'CheckRun'; repository: Repository; checkRun: CheckRun }
  | { type: 'Deployment'; repository: Repository; deployment: Deployment }
  | { type: 'Ref'; repository: Repository; ref: string }
  | { type: 'Commit' | 'Tree' | 'Blob'; repository: Repository; oid: string };

/** @throws GitHubError NOT_FOUND for an id that is malformed, unknown, or of something the actor may not see */
export function findNode(context: GraphqlContext, id: string): FoundNode {
  const parsed = parseNodeId(id);
  const found = parsed && lookUp(context.hub, parsed.type, parsed.values);
  if (!found || ('repository' in found && !canSee(context.hub, found.repository, context.actor))) {
    throw new GitHubError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
  }
  return found;
}

/** A node of one of the wanted types. @throws GitHubError NOT_FOUND for any other */
export function findNodeOf<T extends FoundNode['type']>(
  context: GraphqlContext,
  id: string,
  ...types: T[]
): Extract<FoundNode, { type: T }> {
  const found = findNode(context, id);
  if (!(types as string[]).includes(found.type)) {
    throw new GitHubError(
      'NOT_FOUND',
      `Could not resolve to ${types.join(' or ')} node with the global id of '${id}'.`,
    );
  }
  return found as Extract<FoundNode, { type: T }>;
}

/** The repository of a change, and in whose name it is made. @throws GitHubError FORBIDDEN */
export function requireWrite(context: GraphqlContext, repository: Repository, needed: Need): Account {
  authorize(context.hub, repository, context.actor, needed);
  return requireAccount(context.hub, context.actor);
}

export function reactableOf(node: Extract<FoundNode, { issue: Issue }>): { reactions: Reaction[] } {
  return node.type === 'IssueComment' ? node.comment : node.issue;
}

function lookUp(hub: Hub, type: NodeType, values: (number | string)[]): FoundNode | undefined {
  if (type === 'User' || type === 'Organization' || type === 'Bot') {
    const account = hub.store.accounts.find((one) => one.id === values[0] && one.type === type);
    return account && { type, account };
  }
  const repository = hub.store.repositories.get(Number(values[0]));
  if (!repository) return undefined;
  if (type === 'Repository') return { type, repository };
  if (type === 'Ref') return { type, repository, ref: String(values[1]) };
  if (type === 'Commit' || type === 'Tree' || type === 'Blob') return { type, repository, oid: String(values[1]) };
  return lookUpNumbered(repository, type, Number(values[1]));
}

function lookUpNumbered(repository: Repository, type: NodeType, id: number): FoundNode | undefined {
  if (type === 'Issue') {
    const issue = repository.issues.find((one) => one.id === id && !one.pull);
    return issue && { type, repository, issue };
  }
  if (type === 'PullRequest') {
    const issue = repository.issues.find((one): one is PullIssue => one.pull?.id === id);
    return issue && { type, repository, issue };
  }
  if (type === 'IssueComment') {
    for (const issue of repository.issues) {
      const comment = issue.comments.find((one) => one.id === id);
      if (comment) return { type, repository, issue, comment };
    }
  }
  if (type === 'CheckRun') {
    const checkRun = repository.checkRuns.find((one) => one.id === id);
    return checkRun && { type, repository, checkRun };
  }
  if (type === 'Deployment') {
    const deployment = repository.deployments.find((one) => one.id === id);
    return deployment && { type, repository, deployment };
  }
  return undefined;
}
