import { listCommits } from '../git/commits.ts';
import { diffFiles } from '../git/diff.ts';
import { gitDirOf } from '../hub.ts';
import type { Repository } from '../store/entities.ts';
import { diffBase, isMergeable, type PullIssue } from '../views/pull-request.ts';
import { accountNode, accountNodeById } from './accounts.ts';
import { type ConnectionArguments, connection } from './connections.ts';
import type { GraphqlContext } from './context.ts';
import { conversationFields } from './issues.ts';

const COMMITS_MAX = 250;

export function pullRequestState(issue: PullIssue): 'OPEN' | 'CLOSED' | 'MERGED' {
  if (issue.pull.mergedAt) return 'MERGED';
  return issue.state === 'open' ? 'OPEN' : 'CLOSED';
}

export function pullRequestNode(context: GraphqlContext, repository: Repository, issue: PullIssue) {
  const { hub } = context;
  const { pull } = issue;
  const headRepository = pull.headRepositoryId === null ? undefined : hub.store.repositories.get(pull.headRepositoryId);
  return {
    __typename: 'PullRequest',
    ...conversationFields(context, repository, issue),
    databaseId: pull.id,
    fullDatabaseId: String(pull.id),
    state: pullRequestState(issue),
    isDraft: pull.draft,
    merged: pull.mergedAt !== null,
    mergedAt: pull.mergedAt,
    mergedBy: () => accountNodeById(hub, pull.mergedById),
    mergeCommit: () => (pull.mergeSha ? context.nodes.commitByOid(repository, pull.mergeSha) : null),
    // No branch has a merge queue here.
    isInMergeQueue: false,
    isMergeQueueEnabled: false,
    mergeable: async () => {
      const mergeable = await isMergeable(hub, repository, issue);
      return mergeable === null ? 'UNKNOWN' : mergeable ? 'MERGEABLE' : 'CONFLICTING';
    },
    maintainerCanModify: pull.maintainerCanModify,
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseSha,
    baseRef: () => context.nodes.ref(repository, `refs/heads/${pull.baseRef}`),
    baseRepository: () => context.nodes.repository(repository),
    headRefName: pull.headRef,
    headRefOid: pull.headSha,
    headRef: () => (headRepository ? context.nodes.ref(headRepository, `refs/heads/${pull.headRef}`) : null),
    headRepository: () => (headRepository ? context.nodes.repository(headRepository) : null),
    headRepositoryOwner: () => (headRepository ? accountNode(hub, hub.store.account(headRepository.ownerId)) : null),
    isCrossRepository: pull.headRepositoryId !== repository.id,
    permalink: `${hub.url}/${hub.store.account(repository.ownerId).login}/${repository.name}/pull/${issue.number}`,
    timelineItems: (args: ConnectionArguments & { itemTypes?: string[] | null }) =>
      connection(timelineEvents(context, issue, args.itemTypes ?? null), args, (event) => event),
    additions: () => sumFiles(context, repository, issue, 'additions'),
    deletions: () => sumFiles(context, repository, issue, 'deletions'),
    changedFiles: async () => (await filesOf(context, repository, issue)).length,
    files: async (args: ConnectionArguments) =>
      connection(await filesOf(context, repository, issue), args, (file) => ({
        path: file.path,
        additions: file.additions,
        deletions: file.deletions,
        changeType: file.status === 'removed' ? 'DELETED' : file.status.toUpperCase(),
      })),
    commits: async (args: ConnectionArguments) => {
      const range = `${await diffBase(hub, repository, pull)}..${pull.headSha}`;
      const commits = await listCommits(gitDirOf(hub, repository), [range], { limit: COMMITS_MAX });
      return connection(commits.reverse(), args, (commit) => ({
        id: `PRC_${commit.oid}`,
        commit: context.nodes.commit(repository, commit),
      }));
    },
  };
}

/** Of the timeline only how a pull request ended. A merged one has both events. */
function timelineEvents({ hub }: GraphqlContext, issue: PullIssue, itemTypes: string[] | null) {
  const { pull } = issue;
  const end = { createdAt: issue.closedAt, actor: () => accountNodeById(hub, issue.closedById) };
  const merged = { __typename: 'MergedEvent', id: `ME_${issue.id}`, ...end, mergeRefName: pull.baseRef };
  const closed = { __typename: 'ClosedEvent', id: `CE_${issue.id}`, ...end };
  const events = [...(pull.mergedAt ? [merged] : []), ...(issue.closedAt ? [closed] : [])];
  const typeOf = { MergedEvent: 'MERGED_EVENT', ClosedEvent: 'CLOSED_EVENT' };
  return events.filter((event) => !itemTypes || itemTypes.includes(typeOf[event.__typename as keyof typeof typeOf]));
}

async function filesOf({ hub }: GraphqlContext, repository: Repository, issue: PullIssue) {
  return diffFiles(gitDirOf(hub, repository), await diffBase(hub, repository, issue.pull), issue.pull.headSha);
}

async function sumFiles(
  context: GraphqlContext,
  repository: Repository,
  issue: PullIssue,
  count: 'additions' | 'deletions',
): Promise<number> {
  return (await filesOf(context, repository, issue)).reduce((sum, file) => sum + file[count], 0);
}
