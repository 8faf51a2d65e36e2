import { assertNever } from '../assert-never.ts';
import type { PullRequestRef, Rollout, RolloutKind, RolloutStage } from '../rollout.ts';

/** The parts of a rollout that its words depend on. */
type Described = Pick<Rollout, 'kind' | 'mergePolicy'> & {
  mergeQueued?: boolean;
  proposal?: PullRequestRef;
  setupPullRequest?: PullRequestRef;
  missingSecrets?: Pick<NonNullable<Rollout['missingSecrets']>, 'names'>;
  source: Pick<Rollout['source'], 'commitSha'>;
};

export interface StageWords {
  /** What goes on while the rollout is in the stage: `waiting for someone to merge #41`. */
  doing: string;
  /** One or two words for the stage in a table of times: `waiting for merge`. */
  label: string;
}

/** Plain text without Markdown; at most 60 characters each. */
export function describeStage(rollout: Described, stage: RolloutStage): StageWords {
  switch (stage) {
    case 'accepted':
      return { doing: 'getting ready', label: 'accepted' };
    case 'setup':
      return { doing: `waiting for someone to merge setup ${number(rollout.setupPullRequest)}`, label: 'setup' };
    case 'building':
      return { doing: `building ${shortSha(rollout.source.commitSha)}`, label: 'build' };
    case 'proposing':
      return { doing: 'opening the deployment pull request', label: 'proposed' };
    case 'proposed':
      return {
        doing: `${mergeWords(rollout)} ${rollout.proposal ? `#${rollout.proposal.number}` : 'the pull request'}`,
        label: 'waiting for merge',
      };
    case 'syncing':
      return {
        doing: rollout.missingSecrets ? secretsWords(rollout.missingSecrets) : 'waiting for Argo CD to apply it',
        label: 'sync',
      };
    case 'verifying':
      return { doing: 'checking the endpoint', label: 'verified' };
    case 'succeeded':
      return { doing: succeededWord(rollout.kind), label: succeededWord(rollout.kind) };
    case 'failed':
      return { doing: 'failed', label: 'failed' };
    case 'cancelled':
      return { doing: 'cancelled', label: 'cancelled' };
    default:
      return assertNever(stage);
  }
}

/** The state that a successful rollout leaves behind. */
export function succeededWord(kind: RolloutKind): 'running' | 'stopped' | 'deleted' {
  switch (kind) {
    case 'deploy':
    case 'start':
      return 'running';
    case 'stop':
      return 'stopped';
    case 'delete':
      return 'deleted';
    default:
      return assertNever(kind);
  }
}

/** What a failed rollout could not be: `could not be deployed`. */
export function participle(kind: RolloutKind): 'deployed' | 'stopped' | 'started' | 'deleted' {
  switch (kind) {
    case 'deploy':
      return 'deployed';
    case 'stop':
      return 'stopped';
    case 'start':
      return 'started';
    case 'delete':
      return 'deleted';
    default:
      return assertNever(kind);
  }
}

/** The first 7 hex digits, as GitHub shows a commit. */
export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

function mergeWords(rollout: Described): string {
  if (rollout.mergeQueued) return 'waiting for the merge queue with';
  return rollout.mergePolicy === 'auto' ? 'merging' : 'waiting for someone to merge';
}

/** At most as long as the others; all names stand where there is room. */
function secretsWords({ names }: { names: readonly string[] }): string {
  const [first = ''] = names;
  return names.length === 1 && first.length <= NAME_CHARS_SHOWN_MAX
    ? `waiting for ${first} to be set`
    : `waiting for ${names.length} variable${names.length === 1 ? '' : 's'} to be set`;
}

const NAME_CHARS_SHOWN_MAX = 30;

function number(pullRequest: PullRequestRef | undefined): string {
  return pullRequest ? `pull request #${pullRequest.number}` : 'pull request';
}
