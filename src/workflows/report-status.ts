import { statusCommentMarker } from '../domain/reports/markers.ts';
import { renderStatusComment } from '../domain/reports/status-comment.ts';
import type { Platform } from './platform.ts';
import type { IssueComment } from './run-comment.ts';

/**
 * Renews the sticky comment of a server where `/status` was said, from what the database holds.
 * @returns false where the repository, or the pull request, is not hosted.
 */
export async function reportStatus(platform: Platform, comment: IssueComment): Promise<boolean> {
  const pullRequest = comment.isPullRequest ? comment.issue : null;
  const server = await platform.hostedServers.findBySource(comment.repositoryId, pullRequest);
  const newest = server && (await platform.rollouts.newest(server.serverId));
  if (!server || !newest) return false;
  const { source } = await platform.snapshots.readBoth({
    installationId: comment.installationId,
    repository: comment.repository,
    issue: comment.issue,
  });
  const body = renderStatusComment({
    rollout: newest,
    server,
    now: platform.now(),
    githubWebUrl: platform.settings.githubWebUrl,
  });
  const earlier = await platform.rollouts.newestReportedIn(server.serverId, comment.issue);
  const { commentId } = earlier?.reports ?? {};
  await platform.reports.publish(
    {
      installationId: comment.installationId,
      repository: comment.repository,
      repositoryNodeId: source.repositoryNodeId,
      reaction: { subjectId: comment.comment.nodeId, content: 'ROCKET' },
      ...(source.issueNodeId
        ? {
            comment: {
              issueNodeId: source.issueNodeId,
              issue: comment.issue,
              marker: statusCommentMarker(server.serverId),
              body,
            },
          }
        : {}),
    },
    commentId ? { commentId } : {},
    commentId === undefined,
  );
  return true;
}
