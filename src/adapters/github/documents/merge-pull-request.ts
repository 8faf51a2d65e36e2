import type { MutationField } from './compose-mutation.ts';

export const MERGE_FIELD = {
  name: 'mergePullRequest',
  inputType: 'MergePullRequestInput',
  selection: '{ pullRequest { state mergeCommit { oid } } }',
} as const satisfies MutationField;

export const ENQUEUE_FIELD = {
  name: 'enqueuePullRequest',
  inputType: 'EnqueuePullRequestInput',
  selection: '{ mergeQueueEntry { id } }',
} as const satisfies MutationField;

/** How a pull request stands, what its repository allows, and who ended it. */
export const READ_PULL_REQUEST = `
query ReadPullRequest($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    mergeCommitAllowed
    squashMergeAllowed
    rebaseMergeAllowed
    pullRequest(number: $number) {
      state
      mergeable
      isInMergeQueue
      isMergeQueueEnabled
      mergeCommit { oid }
      mergedBy { login }
      timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) {
        nodes { ... on ClosedEvent { actor { login } } }
      }
    }
  }
}`;
