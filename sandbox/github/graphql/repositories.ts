import { accountOf } from '../access/actor.ts';
import { canSee } from '../access/authorize.ts';
import { roleOf } from '../access/roles.ts';
import { listRefs, readRef } from '../git/refs.ts';
import { GitHubError } from '../github-error.ts';
import { fullNameOf, gitDirOf, ownerOf } from '../hub.ts';
import { pullsOf } from '../model/pulls.ts';
import type { Issue, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import type { PullIssue } from '../views/pull-request.ts';
import { repositoryHtmlUrl } from '../views/repository.ts';
import { accountNode } from './accounts.ts';
import { type ConnectionArguments, connection } from './connections.ts';
import type { GraphqlContext } from './context.ts';
import { deploymentNode } from './deployments.ts';
import { gitObjectNode, refTarget } from './git-objects.ts';
import { issueNode, issueOrPullRequestNode } from './issues.ts';
import { pullRequestNode, pullRequestState } from './pull-requests.ts';

interface Order {
  field: string;
  direction: 'ASC' | 'DESC';
}

/** @throws GitHubError NOT_FOUND where there is none that the actor may see */
export function findRepository(context: GraphqlContext, owner: string, name: string): Repository {
  const repository = context.hub.store.repositoryByName(owner, name);
  if (repository && canSee(context.hub, repository, context.actor)) return repository;
  throw new GitHubError('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`);
}

export function repositoryNode(context: GraphqlContext, repository: Repository) {
  const { hub } = context;
  const url = repositoryHtmlUrl(hub, repository);
  return {
    __typename: 'Repository',
    id: nodeId('Repository', repository.id),
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: fullNameOf(hub, repository),
    owner: () => accountNode(hub, ownerOf(hub, repository)),
    description: repository.description,
    isPrivate: repository.private,
    isArchived: repository.archived,
    isDisabled: false,
    isFork: repository.parentId !== null,
    isEmpty: async () => (await listRefs(gitDirOf(hub, repository), 'refs/heads')).size === 0,
    visibility: repository.private ? 'PRIVATE' : 'PUBLIC',
    url,
    resourcePath: new URL(url).pathname,
    createdAt: repository.createdAt,
    updatedAt: repository.updatedAt,
    pushedAt: repository.pushedAt,
    mergeCommitAllowed: true,
    squashMergeAllowed: true,
    rebaseMergeAllowed: false,
    viewerPermission: viewerPermission(context, repository),
    parent: () => parentNode(context, repository),
    defaultBranchRef: () => refNode(context, repository, `refs/heads/${repository.defaultBranch}`),
    ref: ({ qualifiedName }: { qualifiedName: string }) =>
      refNode(context, repository, qualifiedName.startsWith('refs/') ? qualifiedName : `refs/heads/${qualifiedName}`),
    object: ({ expression, oid }: { expression?: string | null; oid?: string | null }) =>
      gitObjectNode(context, repository, oid ?? expression ?? ''),
    issue: ({ number }: { number: number }) => {
      const issue = issueByNumber(repository, number, 'an Issue', (one) => one.pull === null);
      return issueNode(context, repository, issue);
    },
    pullRequest: ({ number }: { number: number }) => {
      const issue = issueByNumber(repository, number, 'a PullRequest', (one) => one.pull !== null);
      return pullRequestNode(context, repository, issue as PullIssue);
    },
    issueOrPullRequest: ({ number }: { number: number }) =>
      issueOrPullRequestNode(
        context,
        repository,
        issueByNumber(repository, number, 'an issue or pull request', () => true),
      ),
    pullRequests: (args: PullRequestArguments) =>
      connection(selectPulls(repository, args), args, (one) => pullRequestNode(context, repository, one)),
    issues: (args: ConnectionArguments & { states?: string[] | null; orderBy?: Order | null }) => {
      const matching = repository.issues.filter(
        (one) => one.pull === null && (!args.states || args.states.includes(one.state.toUpperCase())),
      );
      return connection(inOrder(matching, args.orderBy), args, (one) => issueNode(context, repository, one));
    },
    deployments: (args: ConnectionArguments & { environments?: string[] | null; orderBy?: Order | null }) => {
      const matching = repository.deployments.filter(
        (one) => !args.environments || args.environments.includes(one.environment),
      );
      return connection(inOrder(matching, args.orderBy), args, (one) => deploymentNode(context, repository, one));
    },
  };
}

/** @returns null where there is no such ref */
export async function refNode(context: GraphqlContext, repository: Repository, ref: string) {
  const oid = await readRef(gitDirOf(context.hub, repository), ref);
  if (!oid) return null;
  const prefix = ref.slice(0, ref.indexOf('/', 'refs/'.length) + 1);
  const name = ref.slice(prefix.length);
  return {
    __typename: 'Ref',
    id: nodeId('Ref', repository.id, ref),
    name,
    prefix,
    target: () => refTarget(context, repository, ref),
    repository: () => repositoryNode(context, repository),
    associatedPullRequests: (args: PullRequestArguments) =>
      connection(selectPulls(repository, { ...args, headRefName: name }), args, (one) =>
        pullRequestNode(context, repository, one),
      ),
  };
}

interface PullRequestArguments extends ConnectionArguments {
  headRefName?: string | null;
  baseRefName?: string | null;
  states?: string[] | null;
  labels?: string[] | null;
  orderBy?: Order | null;
}

function selectPulls(repository: Repository, args: PullRequestArguments): PullIssue[] {
  const matching = pullsOf(repository).filter(
    (one) =>
      (!args.headRefName || one.pull.headRef === args.headRefName) &&
      (!args.baseRefName || one.pull.baseRef === args.baseRefName) &&
      (!args.states || args.states.includes(pullRequestState(one))) &&
      (!args.labels || args.labels.some((label) => one.labels.includes(label))),
  );
  return inOrder(matching, args.orderBy);
}

function inOrder<T extends { id: number; updatedAt: string }>(items: readonly T[], order?: Order | null): T[] {
  const byTime = order?.field === 'UPDATED_AT';
  const sorted = items.toSorted((one, other) =>
    byTime ? one.updatedAt.localeCompare(other.updatedAt) || one.id - other.id : one.id - other.id,
  );
  return order?.direction === 'DESC' ? sorted.reverse() : sorted;
}

function issueByNumber(
  repository: Repository,
  number: number,
  what: string,
  matches: (issue: Issue) => boolean,
): Issue {
  const issue = repository.issues.find((one) => one.number === number && matches(one));
  if (issue) return issue;
  throw new GitHubError('NOT_FOUND', `Could not resolve to ${what} with the number of ${number}.`);
}

function parentNode(context: GraphqlContext, repository: Repository): unknown {
  const parent = repository.parentId === null ? undefined : context.hub.store.repositories.get(repository.parentId);
  return parent && canSee(context.hub, parent, context.actor) ? repositoryNode(context, parent) : null;
}

function viewerPermission({ hub, actor }: GraphqlContext, repository: Repository): string | null {
  const account = accountOf(hub, actor);
  if (!account || account.type === 'Bot') return null;
  const role = roleOf(hub, repository, account);
  return role === 'none' ? null : role.toUpperCase();
}
