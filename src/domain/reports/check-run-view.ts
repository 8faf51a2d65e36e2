import { assertNever } from '../assert-never.ts';
import { isEnded, type Rollout, type RolloutFailure } from '../rollout.ts';
import { describeStage } from './describe-stage.ts';
import { codeBlock, escapeProse, plainLine } from './escape-markdown.ts';
import { renderFailure } from './failure-section.ts';
import { missingSection } from './missing-section.ts';
import { redactSecrets } from './redact-secrets.ts';
import type { ReportView } from './report-view.ts';
import { renderStageTable, stagesHeading } from './stage-table.ts';
import { renderStateTable } from './state-table.ts';
import { countTools, type KnownTools } from './tool-count.ts';

/** A check run as GitHub's GraphQL API takes it. */
export interface CheckRunView {
  name: string;
  headSha: string;
  /** The rollout id: a check run is found again by it. */
  externalId: string;
  status: 'QUEUED' | 'IN_PROGRESS' | 'COMPLETED';
  conclusion?: 'SUCCESS' | 'FAILURE' | 'CANCELLED' | 'TIMED_OUT' | 'NEUTRAL' | 'ACTION_REQUIRED';
  detailsUrl?: string;
  title: string;
  summary: string;
  text?: string;
  annotations: {
    path: string;
    startLine: number;
    endLine: number;
    level: 'FAILURE' | 'WARNING' | 'NOTICE';
    title: string;
    message: string;
  }[];
}

const CHECK_RUN_NAME = 'mcp-hosting / deploy';
const CONFIG_FILE = '.mcp-hosting.yml';

/** What GitHub shows of a title in a list of checks before it cuts it. */
const TITLE_CHARS_MAX = 59;
/** GitHub's limits per request. */
const ANNOTATIONS_MAX = 50;
const OUTPUT_CHARS_MAX = 65_535;
const ANNOTATION_MESSAGE_CHARS_MAX = 1_000;
/** The log is bounded before it is stored; this keeps an old or foreign row within GitHub's limit. */
const LOG_LINES_MAX = 100;

/** Failures that go on by themselves once a person did something, which GitHub calls `action_required`. */
const ACTION_REQUIRED_CODES = [
  'secret-missing',
  'server-suspended',
  'workflow-missing',
  'permission-missing',
  'app-not-installed',
  'merge-blocked',
];

/** The check run of a rollout at its present stage. */
export function renderCheckRun(view: ReportView): CheckRunView {
  const { rollout } = view;
  const conclusion = conclusionOf(rollout);
  const detailsUrl =
    rollout.failure?.url ?? rollout.proposal?.url ?? rollout.setupPullRequest?.url ?? rollout.build?.url;
  const text = renderText(rollout);
  return {
    name: CHECK_RUN_NAME,
    headSha: rollout.source.commitSha,
    externalId: rollout.id,
    status: conclusion ? 'COMPLETED' : 'IN_PROGRESS',
    ...(conclusion ? { conclusion } : {}),
    ...(detailsUrl ? { detailsUrl } : {}),
    title: plainLine(titleOf(view), TITLE_CHARS_MAX),
    summary: renderSummary(view),
    ...(text ? { text } : {}),
    annotations: annotationsOf(rollout),
  };
}

function conclusionOf({ stage, failure }: Rollout): CheckRunView['conclusion'] | undefined {
  switch (stage) {
    case 'succeeded':
      return 'SUCCESS';
    case 'cancelled':
      return 'CANCELLED';
    case 'failed':
      return failedConclusion(failure);
    default:
      return undefined;
  }
}

function failedConclusion(failure: RolloutFailure | undefined): 'FAILURE' | 'TIMED_OUT' | 'ACTION_REQUIRED' {
  const code = failure?.code ?? '';
  if (code.endsWith('-timed-out')) return 'TIMED_OUT';
  return ACTION_REQUIRED_CODES.includes(code) ? 'ACTION_REQUIRED' : 'FAILURE';
}

function titleOf({ rollout, server }: ReportView): string {
  switch (rollout.stage) {
    case 'succeeded':
      return succeededTitle(rollout, rollout.verification ?? { tools: server.tools ?? [] });
    case 'failed':
      return rollout.configProblems.length > 0
        ? `${CONFIG_FILE} has ${countProblems(rollout)}`
        : `Failed: ${(rollout.failure?.message ?? 'for an unknown reason').replaceAll('`', '')}`;
    case 'cancelled':
      return `Cancelled${rollout.cancelReason ? `: ${rollout.cancelReason.replaceAll('`', '')}` : ''}`;
    default:
      return capitalize(describeStage(rollout, rollout.stage).doing);
  }
}

function countProblems({ configProblems }: Rollout): string {
  return `${configProblems.length} problem${configProblems.length === 1 ? '' : 's'}`;
}

function succeededTitle({ kind }: Rollout, known: KnownTools): string {
  switch (kind) {
    case 'deploy':
    case 'start':
      return `Running · ${countTools(known)}`;
    case 'stop':
      return 'Stopped';
    case 'delete':
      return 'Deleted';
    default:
      return assertNever(kind);
  }
}

function renderSummary(view: ReportView): string {
  const { rollout } = view;
  const blocks = [
    rollout.failure && rollout.stage === 'failed'
      ? renderFailure({ ...rollout.failure, log: [] }, { messageShown: false, problems: rollout.configProblems })
      : undefined,
    rollout.missingSecrets ? missingSection(rollout.missingSecrets) : undefined,
    rollout.stage === 'cancelled' && rollout.cancelReason ? escapeProse(rollout.cancelReason, 1_000) : undefined,
    renderStateTable(view),
    `**${stagesHeading(view)}**`,
    renderStageTable(view),
  ];
  return blocks.filter((block) => block !== undefined).join('\n\n');
}

/** The last log lines of what failed. Lines are dropped from the front until the text fits. */
function renderText(rollout: Rollout): string | undefined {
  if (rollout.stage !== 'failed') return undefined;
  const lines = (rollout.failure?.log ?? []).slice(-LOG_LINES_MAX).map(redactSecrets);
  if (lines.length === 0) return undefined;
  const text = `Last lines:\n\n${codeBlock(lines, { lineCharsMax: 500 })}`;
  return text.length <= OUTPUT_CHARS_MAX
    ? text
    : `Last lines:\n\n${codeBlock(lines.slice(-20), { lineCharsMax: 500 })}`;
}

function annotationsOf(rollout: Rollout): CheckRunView['annotations'] {
  if (!isEnded(rollout)) return [];
  return rollout.configProblems.slice(0, ANNOTATIONS_MAX).map(({ path, message, line, endLine }) => ({
    path: CONFIG_FILE,
    startLine: Math.max(1, line),
    endLine: Math.max(1, line, endLine),
    level: 'FAILURE',
    title: plainLine(path === '' ? CONFIG_FILE : path, 200),
    message: plainLine(message, ANNOTATION_MESSAGE_CHARS_MAX) || 'not valid',
  }));
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
