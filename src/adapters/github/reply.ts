import { fullName } from '../../domain/repository.ts';
import type { Reports } from '../../ports/github.ts';
import { READ_ISSUE } from './documents/read-issue.ts';
import { findReport, type ReportFound } from './find-report.ts';
import type { GitHubClient } from './github-client.ts';
import { commentPart, type ReportPart, reactionPart } from './report-parts.ts';
import { type ReportOptions, sendReport } from './send-report.ts';

type ReplyRequest = Parameters<Reports['reply']>[0];

/** Two requests: the issue's node id (on a retry with its newest comments), then one document. */
export function createReply(options: ReportOptions): Reports['reply'] {
  return async function reply(request) {
    const found = request.retry
      ? await findReport(options.client, { ...request, comment: request })
      : await readIssue(options.client, request);
    const parts: ReportPart[] = [];
    if (request.reaction) parts.push(reactionPart(request.reaction));
    if (found.issueNodeId !== undefined) {
      parts.push(commentPart({ ...request, issueNodeId: found.issueNodeId }, found.commentId));
    } else {
      options.log.warn({ repository: fullName(request.repository), issue: request.issue }, 'Issue to reply to is gone');
    }
    if (parts.length > 0) await sendReport(options, request, parts);
  };
}

async function readIssue(client: GitHubClient, request: ReplyRequest): Promise<ReportFound> {
  const { repository, issue } = request;
  const { data } = await client.graphql<{ repository: { issueOrPullRequest: { id?: string } | null } | null }>(
    request.installationId,
    {
      document: READ_ISSUE,
      variables: { owner: repository.owner, name: repository.name, issue },
      action: `read issue ${issue} of "${fullName(repository)}"`,
    },
  );
  const id = data.repository?.issueOrPullRequest?.id;
  return id === undefined ? {} : { issueNodeId: id };
}
