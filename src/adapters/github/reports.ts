import type { ReportIds } from '../../domain/rollout.ts';
import type { Reports, StatusReport } from '../../ports/github.ts';
import { findReport, lookupOf } from './find-report.ts';
import { createReply } from './reply.ts';
import { planReport, type ReportAlias } from './report-parts.ts';
import { type ReportOptions, sendReport } from './send-report.ts';

export function createReports(options: ReportOptions): Reports {
  return {
    publish: (report, known, retry) => publish(options, report, known, retry),
    reply: createReply(options),
  };
}

async function publish(
  options: ReportOptions,
  report: StatusReport,
  known: ReportIds,
  retry: boolean,
): Promise<ReportIds> {
  const lookup = retry ? lookupOf(report, known) : undefined;
  const { issueNodeId: _issueNodeId, ...found } = lookup ? await findReport(options.client, lookup) : {};
  const ids = { ...known, ...found };
  const parts = planReport(report, ids);
  if (parts.length === 0) return ids;
  const first = await sendReport(options, report, parts);
  const kept = withoutGone({ ...ids, ...first.ids }, first.gone);
  const again = planReport(report, kept).filter((part) => canBeMadeAnew(part.alias, first.gone, ids));
  if (again.length === 0) return kept;
  const second = await sendReport(options, report, again);
  return { ...kept, ...second.ids };
}

/** Only what had an id can have lost its subject; what could not be made at first will not be made now. */
function canBeMadeAnew(alias: ReportAlias, gone: readonly ReportAlias[], ids: ReportIds): boolean {
  switch (alias) {
    case 'checkRun':
      return gone.includes('checkRun') && ids.checkRunId !== undefined;
    case 'comment':
      return gone.includes('comment') && ids.commentId !== undefined;
    case 'deployment':
      return gone.includes('deploymentStatus');
    default:
      return false;
  }
}

function withoutGone(ids: ReportIds, gone: readonly ReportAlias[]): ReportIds {
  const { checkRunId, checkRunUrl, commentId, commentUrl, deploymentId } = ids;
  return {
    ...(gone.includes('checkRun') ? {} : defined({ checkRunId, checkRunUrl })),
    ...(gone.includes('comment') ? {} : defined({ commentId, commentUrl })),
    ...(gone.includes('deploymentStatus') ? {} : defined({ deploymentId })),
  };
}

function defined(ids: { [Name in keyof ReportIds]: string | undefined }): ReportIds {
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined));
}
