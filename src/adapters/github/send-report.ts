import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { ReportIds } from '../../domain/rollout.ts';
import type { Log } from '../../ports/log.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import { composeMutation } from './documents/compose-mutation.ts';
import type { GitHubClient } from './github-client.ts';
import { kindOfProblem, problemsOf, quoteProblems } from './graphql-problem.ts';
import { mapGraphqlProblems } from './map-github-error.ts';
import type { ReportAlias, ReportPart } from './report-parts.ts';
import { spendWrites } from './spend-writes.ts';

export interface ReportOptions {
  client: GitHubClient;
  writeBudget: WriteBudget;
  log: Log;
}

interface Answer {
  checkRun?: { checkRun: { id: string; url: string } | null } | null;
  deployment?: { deployment: { id: string } | null } | null;
  comment?: {
    commentEdge?: { node: { id: string; url: string } | null } | null;
    issueComment?: { id: string; url: string } | null;
  } | null;
}

export interface SentReport {
  ids: ReportIds;
  /** Parts whose subject is not there any more (comment deleted, deployment gone). */
  gone: ReportAlias[];
}

/**
 * Sends the parts in one request. A part that a person made impossible (comment deleted, issue locked, permission
 * withdrawn) is logged; a limit or an outage in any part is thrown, so that a retry looks up what the others made.
 */
export async function sendReport(
  { client, writeBudget, log }: ReportOptions,
  { installationId, repository }: { installationId: number; repository: RepositoryName },
  parts: readonly ReportPart[],
): Promise<SentReport> {
  await spendWrites(writeBudget, installationId, parts.length);
  const action = `report in "${fullName(repository)}"`;
  const { data, problems } = await client.graphql<Answer>(installationId, {
    ...composeMutation('PublishReport', parts),
    action,
  });
  const hopeless = problems.filter((problem) => ['busy', 'invalid'].includes(kindOfProblem(problem)));
  if (hopeless.length > 0) throw mapGraphqlProblems(problems, action);
  const gone: ReportAlias[] = [];
  for (const { alias } of parts) {
    const own = problemsOf(problems, alias);
    if (own.length === 0) continue;
    if (own.some((problem) => kindOfProblem(problem) === 'gone')) gone.push(alias);
    log.warn({ repository: fullName(repository), part: alias, problem: quoteProblems(own) }, 'Report part was refused');
  }
  return { ids: idsOf(data), gone };
}

function idsOf(data: Answer): ReportIds {
  const checkRun = data.checkRun?.checkRun;
  const deployment = data.deployment?.deployment;
  const comment = data.comment?.commentEdge?.node ?? data.comment?.issueComment;
  return {
    ...(checkRun ? { checkRunId: checkRun.id, checkRunUrl: checkRun.url } : {}),
    ...(deployment ? { deploymentId: deployment.id } : {}),
    ...(comment ? { commentId: comment.id, commentUrl: comment.url } : {}),
  };
}
