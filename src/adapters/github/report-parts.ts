import type { CheckRunView } from '../../domain/reports/check-run-view.ts';
import type { ReportIds } from '../../domain/rollout.ts';
import type { StatusReport } from '../../ports/github.ts';
import { boundedText } from './bounded-text.ts';
import type { MutationPart } from './documents/compose-mutation.ts';
import { REPORT_FIELDS } from './documents/publish-report.ts';
import {
  BODY_CHARACTERS_MAX,
  CHECK_ANNOTATIONS_MAX,
  CHECK_TEXT_CHARACTERS_MAX,
  DEPLOYMENT_DESCRIPTION_CHARACTERS_MAX,
} from './github-limits.ts';

/** The alias of a part says what it makes; a part that updates has the same alias as the one that creates. */
export type ReportAlias = 'checkRun' | 'deployment' | 'deploymentStatus' | 'reaction' | 'comment';

export type ReportPart = MutationPart & { alias: ReportAlias };

/** Mutations that bring what people see to the report, in the order check run, deployment, reaction, comment. */
export function planReport(report: StatusReport, known: ReportIds): ReportPart[] {
  const parts: (ReportPart | undefined)[] = [
    report.checkRun && checkRunPart(report.checkRun, report.repositoryNodeId, known.checkRunId),
    report.deployment && deploymentPart(report, report.deployment, known.deploymentId),
    report.reaction && reactionPart(report.reaction),
    report.comment && commentPart(report.comment, known.commentId),
  ];
  return parts.filter((part) => part !== undefined);
}

export function reactionPart(reaction: NonNullable<StatusReport['reaction']>): ReportPart {
  return { alias: 'reaction', field: REPORT_FIELDS.addReaction, input: reaction };
}

/** @param commentId of the comment to edit; absent: a new one */
export function commentPart(
  comment: { issueNodeId: string; marker: string; body: string },
  commentId: string | undefined,
): ReportPart {
  const marked = comment.body.startsWith(comment.marker) ? comment.body : `${comment.marker}\n${comment.body}`;
  const body = boundedText(marked, BODY_CHARACTERS_MAX);
  return commentId === undefined
    ? { alias: 'comment', field: REPORT_FIELDS.addComment, input: { subjectId: comment.issueNodeId, body } }
    : { alias: 'comment', field: REPORT_FIELDS.updateComment, input: { id: commentId, body } };
}

function checkRunPart(view: CheckRunView, repositoryId: string, checkRunId: string | undefined): ReportPart {
  const input = {
    repositoryId,
    name: view.name,
    externalId: view.externalId,
    status: view.status,
    ...(view.conclusion === undefined ? {} : { conclusion: view.conclusion }),
    ...(view.detailsUrl === undefined ? {} : { detailsUrl: view.detailsUrl }),
    output: {
      title: boundedText(view.title, TITLE_MAX),
      summary: boundedText(view.summary, CHECK_TEXT_CHARACTERS_MAX),
      ...(view.text === undefined ? {} : { text: boundedText(view.text, CHECK_TEXT_CHARACTERS_MAX) }),
      annotations: view.annotations.slice(0, CHECK_ANNOTATIONS_MAX).map((annotation) => ({
        path: annotation.path,
        location: { startLine: annotation.startLine, endLine: annotation.endLine },
        annotationLevel: annotation.level,
        title: boundedText(annotation.title, TITLE_MAX),
        message: boundedText(annotation.message, CHECK_TEXT_CHARACTERS_MAX),
      })),
    },
  };
  return checkRunId === undefined
    ? { alias: 'checkRun', field: REPORT_FIELDS.createCheckRun, input: { ...input, headSha: view.headSha } }
    : { alias: 'checkRun', field: REPORT_FIELDS.updateCheckRun, input: { ...input, checkRunId } };
}

/** Titles of checks and annotations (GitHub's limit for an annotation's title, characters). */
const TITLE_MAX = 255;

function deploymentPart(
  report: StatusReport,
  deployment: NonNullable<StatusReport['deployment']>,
  deploymentId: string | undefined,
): ReportPart | undefined {
  const description = boundedText(deployment.description, DEPLOYMENT_DESCRIPTION_CHARACTERS_MAX);
  if (deploymentId !== undefined) {
    const input = {
      deploymentId,
      state: deployment.state,
      description,
      environment: deployment.environment,
      ...(deployment.environmentUrl === undefined ? {} : { environmentUrl: deployment.environmentUrl }),
      ...(deployment.logUrl === undefined ? {} : { logUrl: deployment.logUrl }),
    };
    return { alias: 'deploymentStatus', field: REPORT_FIELDS.createDeploymentStatus, input };
  }
  // What is over before it was announced needs no announcement.
  if (deployment.refId === undefined || deployment.state === 'INACTIVE') return undefined;
  const input = {
    repositoryId: report.repositoryNodeId,
    refId: deployment.refId,
    environment: deployment.environment,
    description,
    // Neither wait for other checks nor merge the default branch into the ref: Argo CD deploys, this only shows it.
    requiredContexts: [],
    autoMerge: false,
    payload: JSON.stringify(report.checkRun ? { rollout: report.checkRun.externalId } : {}),
  };
  return { alias: 'deployment', field: REPORT_FIELDS.createDeployment, input };
}
