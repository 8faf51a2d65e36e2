import type { MutationField } from './compose-mutation.ts';

const PULL_REQUEST = '{ pullRequest { id number url state } }';

/** The mutations of which `Propose` documents are composed: a ref, a commit on it, a pull request from it. */
export const PROPOSE_FIELDS = {
  createRef: { name: 'createRef', inputType: 'CreateRefInput', selection: '{ ref { id } }' },
  updateRef: { name: 'updateRef', inputType: 'UpdateRefInput', selection: '{ ref { id } }' },
  createCommit: {
    name: 'createCommitOnBranch',
    inputType: 'CreateCommitOnBranchInput',
    selection: '{ commit { oid } }',
  },
  createPullRequest: { name: 'createPullRequest', inputType: 'CreatePullRequestInput', selection: PULL_REQUEST },
  updatePullRequest: { name: 'updatePullRequest', inputType: 'UpdatePullRequestInput', selection: PULL_REQUEST },
  closePullRequest: { name: 'closePullRequest', inputType: 'ClosePullRequestInput', selection: PULL_REQUEST },
} as const satisfies Record<string, MutationField>;
