import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { ReportIds } from '../../domain/rollout.ts';
import type { StatusReport } from '../../ports/github.ts';
import { FIND_REPORT } from './documents/find-report.ts';
import type { GitHubClient } from './github-client.ts';
import { kindOfProblem } from './graphql-problem.ts';
import { mapGraphqlProblems } from './map-github-error.ts';

interface CommentAnswer {
  id: string;
  url: string;
  body: string;
  viewerDidAuthor: boolean;
}

interface Answer {
  repository: {
    object?: {
      checkSuites?: {
        nodes:
          | ({
              checkRuns: { nodes: ({ id: string; url: string; externalId: string | null } | null)[] | null } | null;
            } | null)[]
          | null;
      } | null;
    } | null;
    issueOrPullRequest?: { id?: string; comments?: { nodes: (CommentAnswer | null)[] | null } } | null;
    deployments?: { nodes: ({ id: string; commitOid: string; payload: string | null } | null)[] | null };
  } | null;
}

export interface ReportLookup {
  installationId: number;
  repository: RepositoryName;
  checkRun?: { headSha: string; name: string; externalId: string };
  comment?: { issue: number; marker: string };
  deployment?: { environment: string; headSha: string; externalId: string };
}

export interface ReportFound extends ReportIds {
  /** Node id of the issue whose comments were read. */
  issueNodeId?: string;
}

/** What an earlier try may have made and nobody heard of: the parts of the report that have no known id. */
export function lookupOf(report: StatusReport, known: ReportIds): ReportLookup | undefined {
  const { installationId, repository, checkRun, comment, deployment } = report;
  const lookup: ReportLookup = { installationId, repository };
  if (checkRun && known.checkRunId === undefined) lookup.checkRun = checkRun;
  if (comment && known.commentId === undefined) lookup.comment = comment;
  if (checkRun && deployment?.refId !== undefined && known.deploymentId === undefined) {
    lookup.deployment = { environment: deployment.environment, ...checkRun };
  }
  return lookup.checkRun || lookup.comment || lookup.deployment ? lookup : undefined;
}

/** One request. */
export async function findReport(client: GitHubClient, lookup: ReportLookup): Promise<ReportFound> {
  const { repository, checkRun, comment, deployment } = lookup;
  const action = `look for an earlier report in "${fullName(repository)}"`;
  const { data, problems } = await client.graphql<Answer>(lookup.installationId, {
    document: FIND_REPORT,
    variables: {
      owner: repository.owner,
      name: repository.name,
      withCheckRun: checkRun !== undefined,
      headSha: checkRun?.headSha ?? null,
      checkName: checkRun?.name ?? null,
      withComment: comment !== undefined,
      issue: comment?.issue ?? 0,
      withDeployment: deployment !== undefined,
      environments: deployment ? [deployment.environment] : null,
    },
    action,
  });
  const serious = problems.filter((problem) => kindOfProblem(problem) !== 'gone');
  if (serious.length > 0) throw mapGraphqlProblems(serious, action);
  return {
    ...(checkRun ? foundCheckRun(data, checkRun.externalId) : {}),
    ...(comment ? foundComment(data, comment.marker) : {}),
    ...(deployment ? foundDeployment(data, deployment) : {}),
  };
}

function foundCheckRun(data: Answer, externalId: string): ReportFound {
  const suites = data.repository?.object?.checkSuites?.nodes ?? [];
  const run = suites
    .flatMap((suite) => suite?.checkRuns?.nodes ?? [])
    .find((candidate) => candidate?.externalId === externalId);
  return run ? { checkRunId: run.id, checkRunUrl: run.url } : {};
}

/** The marker must be the first line of a comment of our own: anyone may quote it. */
function foundComment(data: Answer, marker: string): ReportFound {
  const subject = data.repository?.issueOrPullRequest;
  const comment = (subject?.comments?.nodes ?? []).find(
    (candidate) => candidate?.viewerDidAuthor && candidate.body.startsWith(marker),
  );
  return {
    ...(subject?.id === undefined ? {} : { issueNodeId: subject.id }),
    ...(comment ? { commentId: comment.id, commentUrl: comment.url } : {}),
  };
}

/** A rollout of the same commit may have made another deployment: the payload tells them apart. */
function foundDeployment(data: Answer, wanted: NonNullable<ReportLookup['deployment']>): ReportFound {
  const deployment = (data.repository?.deployments?.nodes ?? []).find(
    (candidate) => candidate?.commitOid === wanted.headSha && candidate.payload?.includes(wanted.externalId),
  );
  return deployment ? { deploymentId: deployment.id } : {};
}
