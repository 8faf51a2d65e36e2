import type { MutationField } from './compose-mutation.ts';

const CHECK_RUN = '{ checkRun { id url } }';

/** The mutations of which `PublishReport` documents are composed. */
export const REPORT_FIELDS = {
  createCheckRun: { name: 'createCheckRun', inputType: 'CreateCheckRunInput', selection: CHECK_RUN },
  updateCheckRun: { name: 'updateCheckRun', inputType: 'UpdateCheckRunInput', selection: CHECK_RUN },
  createDeployment: {
    name: 'createDeployment',
    inputType: 'CreateDeploymentInput',
    selection: '{ deployment { id } }',
  },
  createDeploymentStatus: {
    name: 'createDeploymentStatus',
    inputType: 'CreateDeploymentStatusInput',
    selection: '{ deploymentStatus { id } }',
  },
  addReaction: { name: 'addReaction', inputType: 'AddReactionInput', selection: '{ reaction { id } }' },
  addComment: {
    name: 'addComment',
    inputType: 'AddCommentInput',
    selection: '{ commentEdge { node { id url } } }',
  },
  updateComment: {
    name: 'updateIssueComment',
    inputType: 'UpdateIssueCommentInput',
    selection: '{ issueComment { id url } }',
  },
} as const satisfies Record<string, MutationField>;
