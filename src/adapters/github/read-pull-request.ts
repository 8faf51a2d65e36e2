import { fullName } from '../../domain/repository.ts';
import type { PullRequestRef } from '../../domain/rollout.ts';
import { READ_PULL_REQUEST } from './documents/merge-pull-request.ts';
import type { GitHubClient } from './github-client.ts';
import { mapGraphqlProblems } from './map-github-error.ts';

export type MergeMethod = 'MERGE' | 'SQUASH' | 'REBASE';

export interface PullRequestView {
  state: 'OPEN' | 'CLOSED' | 'MERGED';
  mergeable: 'MERGEABLE' | 'CONFLICTING' | 'UNKNOWN';
  mergeSha: string | null;
  mergedBy: string | null;
  closedBy: string | null;
  inMergeQueue: boolean;
  /** The base branch takes what comes through its merge queue alone. */
  hasMergeQueue: boolean;
  methods: MergeMethod[];
}

interface Answer {
  repository: {
    mergeCommitAllowed: boolean;
    squashMergeAllowed: boolean;
    rebaseMergeAllowed: boolean;
    pullRequest: {
      state: PullRequestView['state'];
      mergeable: PullRequestView['mergeable'];
      isInMergeQueue: boolean;
      isMergeQueueEnabled: boolean;
      mergeCommit: { oid: string } | null;
      mergedBy: { login: string } | null;
      timelineItems: { nodes: ({ actor?: { login: string } | null } | null)[] | null };
    } | null;
  } | null;
}

/** One request. @throws UserError `github-not-found` */
export async function readPullRequest(
  client: GitHubClient,
  installationId: number,
  ref: PullRequestRef,
): Promise<PullRequestView> {
  const action = `read pull request ${ref.number} of "${fullName(ref.repository)}"`;
  const { data, problems } = await client.graphql<Answer>(installationId, {
    document: READ_PULL_REQUEST,
    variables: { owner: ref.repository.owner, name: ref.repository.name, number: ref.number },
    action,
  });
  const pullRequest = data.repository?.pullRequest;
  if (!data.repository || !pullRequest) {
    throw mapGraphqlProblems(problems.length > 0 ? problems : [{ type: 'NOT_FOUND', message: 'not found' }], action);
  }
  return {
    state: pullRequest.state,
    mergeable: pullRequest.mergeable,
    mergeSha: pullRequest.mergeCommit?.oid ?? null,
    mergedBy: pullRequest.mergedBy?.login ?? null,
    closedBy: pullRequest.timelineItems.nodes?.[0]?.actor?.login ?? null,
    inMergeQueue: pullRequest.isInMergeQueue,
    hasMergeQueue: pullRequest.isMergeQueueEnabled,
    methods: methodsOf(data.repository),
  };
}

function methodsOf(allowed: NonNullable<Answer['repository']>): MergeMethod[] {
  const methods: MergeMethod[] = [];
  if (allowed.squashMergeAllowed) methods.push('SQUASH');
  if (allowed.mergeCommitAllowed) methods.push('MERGE');
  if (allowed.rebaseMergeAllowed) methods.push('REBASE');
  return methods;
}
