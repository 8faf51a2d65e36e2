import { ROLLOUT_STAGES, type Rollout } from '../../domain/rollout.ts';

const text = { type: 'string' } as const;
const time = { type: 'string', format: 'date-time' } as const;

export const pullRequestSchema = {
  $id: 'PullRequest',
  type: 'object',
  required: ['repository', 'number', 'url'],
  properties: {
    repository: {
      type: 'object',
      required: ['owner', 'name'],
      properties: { owner: text, name: text },
    },
    number: { type: 'integer' },
    url: text,
  },
} as const;

/** What goes out of a rollout, under the domain's own names; a field is absent until the rollout has got so far. */
export const rolloutSchema = {
  $id: 'Rollout',
  type: 'object',
  required: ['id', 'serverId', 'kind', 'stage', 'stages', 'triggeredAt', 'requestedBy', 'mergePolicy', 'source'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    serverId: text,
    kind: { type: 'string', enum: ['deploy', 'stop', 'start', 'delete'] },
    stage: { type: 'string', enum: ROLLOUT_STAGES },
    stages: {
      type: 'array',
      description: 'The stages that were entered, oldest first',
      items: {
        type: 'object',
        required: ['stage', 'at'],
        properties: { stage: { type: 'string', enum: ROLLOUT_STAGES }, at: time },
      },
    },
    triggeredAt: time,
    requestedBy: text,
    mergePolicy: { type: 'string', enum: ['review', 'auto'] },
    source: {
      type: 'object',
      required: ['commitSha'],
      properties: { commitSha: text, pullRequest: { type: 'integer' } },
    },
    deadlineAt: { ...time, description: 'When the wait of the present stage ends in failure' },
    setupPullRequest: { $ref: 'PullRequest#' },
    build: { type: 'object', required: ['runId', 'url'], properties: { runId: { type: 'integer' }, url: text } },
    digest: text,
    proposal: { $ref: 'PullRequest#' },
    merge: {
      type: 'object',
      required: ['sha', 'by'],
      properties: { sha: text, by: { type: ['string', 'null'] } },
    },
    verification: {
      type: 'object',
      required: ['protocolVersion', 'tools'],
      properties: {
        protocolVersion: text,
        tools: { type: 'array', description: 'The first 200', items: { $ref: 'Tool#' } },
        toolCount: { type: 'integer', description: 'How many the server named' },
      },
    },
    failure: {
      type: 'object',
      required: ['code', 'message', 'hint'],
      properties: {
        code: text,
        message: text,
        hint: text,
        log: { type: 'array', items: text, description: 'Last lines of the build or the pod, oldest first' },
        url: text,
      },
    },
    missingSecrets: {
      type: 'object',
      description: 'Declared variables without a value, which it waits for',
      required: ['names', 'message', 'hint'],
      properties: { names: { type: 'array', items: text }, message: text, hint: text },
    },
    cancelReason: text,
    checkRunUrl: text,
    commentUrl: text,
  },
} as const;

/** The response's serializer drops what the schema does not list, such as node ids. */
export function rolloutView(rollout: Rollout) {
  const { setupPullRequest, build, digest, proposal, merge, verification, failure, cancelReason, deadlineAt } = rollout;
  const { missingSecrets } = rollout;
  return {
    id: rollout.id,
    serverId: rollout.serverId,
    kind: rollout.kind,
    stage: rollout.stage,
    stages: rollout.stages,
    triggeredAt: rollout.triggeredAt,
    requestedBy: rollout.requestedBy,
    mergePolicy: rollout.mergePolicy,
    source: { commitSha: rollout.source.commitSha, pullRequest: rollout.source.pullRequest },
    checkRunUrl: rollout.reports.checkRunUrl,
    commentUrl: rollout.reports.commentUrl,
    ...{
      setupPullRequest,
      build,
      digest,
      proposal,
      merge,
      verification,
      failure,
      cancelReason,
      deadlineAt,
      missingSecrets,
    },
  };
}
