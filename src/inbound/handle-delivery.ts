import type { z } from 'zod';
import { pullRequestOfKey } from '../domain/reports/manifests-report.ts';
import { fullName, type RepositoryName } from '../domain/repository.ts';
import { POLICY_FILE } from '../domain/review/touched-paths.ts';
import { UserError } from '../domain/user-error.ts';
import type { Delivery } from '../ports/stores.ts';
import { followBuild, recordBuildReport } from '../workflows/follow-build.ts';
import { followDeploymentPullRequest, followDequeued } from '../workflows/follow-deployment-pull-request.ts';
import { followPush } from '../workflows/follow-push.ts';
import { followSourcePullRequest } from '../workflows/follow-source-pull-request.ts';
import type { Platform } from '../workflows/platform.ts';
import { reviewMergeGroup, reviewOpenPullRequests, reviewPullRequest } from '../workflows/review-pull-request.ts';
import { runComment } from '../workflows/run-comment.ts';
import {
  buildReport,
  checkRunEvent,
  checkSuiteEvent,
  issueCommentEvent,
  mergeGroupEvent,
  pullRequestEvent,
  pushEvent,
  repositoryDispatchEvent,
  workflowRunEvent,
} from './webhook-events.ts';

/**
 * Turns a recorded delivery into the call of a workflow. Events that the bot does not act on are done at once; so are
 * malformed ones, which are logged: sent again, they would be the same.
 */
export async function handleDelivery(platform: Platform, delivery: Delivery): Promise<void> {
  switch (delivery.event) {
    case 'issue_comment':
      return withEvent(platform, delivery, issueCommentEvent, (event) => onIssueComment(platform, event));
    case 'push':
      return withEvent(platform, delivery, pushEvent, (event) => onPush(platform, delivery.id, event));
    case 'pull_request':
      return withEvent(platform, delivery, pullRequestEvent, (event) => onPullRequest(platform, delivery.id, event));
    case 'merge_group':
      return withEvent(platform, delivery, mergeGroupEvent, (event) => onMergeGroup(platform, event));
    case 'check_run':
      return withEvent(platform, delivery, checkRunEvent, (event) => onCheckRun(platform, event));
    case 'check_suite':
      return withEvent(platform, delivery, checkSuiteEvent, (event) => onCheckSuite(platform, event));
    case 'workflow_run':
      return withEvent(platform, delivery, workflowRunEvent, (event) => onWorkflowRun(platform, event));
    case 'repository_dispatch':
      return withEvent(platform, delivery, repositoryDispatchEvent, (event) => onRepositoryDispatch(platform, event));
    default:
      platform.log.debug({ delivery: delivery.id, event: delivery.event }, 'Event is not acted on');
  }
}

async function withEvent<T extends z.ZodType>(
  platform: Platform,
  delivery: Delivery,
  schema: T,
  handle: (event: z.infer<T>) => Promise<void>,
): Promise<void> {
  const parsed = schema.safeParse(delivery.payload);
  if (parsed.success) return handleOnce(platform, delivery, () => handle(parsed.data));
  const problems = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`);
  platform.log.warn({ delivery: delivery.id, event: delivery.event, problems }, 'Delivery is malformed');
}

/** What a person must mend is the same at the next try. People who gave a command were told already. */
async function handleOnce(platform: Platform, delivery: Delivery, handle: () => Promise<void>): Promise<void> {
  try {
    await handle();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, message: reason, hint } = error;
    platform.log.warn({ delivery: delivery.id, event: delivery.event, code, reason, hint }, 'Event cannot be acted on');
  }
}

async function onIssueComment(platform: Platform, event: z.infer<typeof issueCommentEvent>): Promise<void> {
  if (event.action !== 'created' || event.sender.type === 'Bot' || event.comment.user.type === 'Bot') return;
  const repository = nameOf(event);
  if (isDeploymentsRepository(platform, repository)) return;
  await runComment(platform, {
    installationId: event.installation.id,
    repository,
    repositoryId: event.repository.id,
    issue: event.issue.number,
    isPullRequest: event.issue.pull_request !== undefined && event.issue.pull_request !== null,
    login: event.comment.user.login,
    comment: {
      id: event.comment.id,
      nodeId: event.comment.node_id,
      url: event.comment.html_url,
      createdAt: new Date(event.comment.created_at),
      body: event.comment.body,
    },
  });
}

async function onPush(platform: Platform, deliveryId: string, event: z.infer<typeof pushEvent>): Promise<void> {
  const repository = nameOf(event);
  if (event.deleted || event.ref !== `refs/heads/${event.repository.default_branch}`) return;
  if (isDeploymentsRepository(platform, repository)) return onDeploymentsPush(platform, event);
  await followPush(platform, {
    deliveryId,
    installationId: event.installation.id,
    repository,
    repositoryId: event.repository.id,
    afterSha: event.after,
    login: event.sender.login,
  });
}

async function onPullRequest(
  platform: Platform,
  deliveryId: string,
  event: z.infer<typeof pullRequestEvent>,
): Promise<void> {
  const repository = nameOf(event);
  const { pull_request: pullRequest } = event;
  const sameRepository = pullRequest.head.repo?.id === event.repository.id;
  const merged = event.action === 'closed' && pullRequest.merged === true;
  if (isDeploymentsRepository(platform, repository)) {
    if (isToBeReviewed(event)) return reviewHead(platform, event);
    if (!sameRepository) return;
    if (event.action === 'dequeued' && !isMerged(event)) return followDequeued(platform, proposalOf(event));
    if (event.action !== 'closed') return;
    // Ours close as a rollout begins anew, which is no wish of anyone; one that another bot closed is found by asking.
    if (!merged && event.sender.type === 'Bot') return;
    return followDeploymentPullRequest(platform, {
      ...proposalOf(event),
      mergeSha: merged ? (pullRequest.merge_commit_sha ?? null) : null,
      by: merged ? (pullRequest.merged_by?.login ?? null) : event.sender.login,
    });
  }
  await followSourcePullRequest(platform, {
    deliveryId,
    action: event.action,
    installationId: event.installation.id,
    repository,
    repositoryId: event.repository.id,
    number: event.number,
    headBranch: pullRequest.head.ref,
    headSha: pullRequest.head.sha,
    fork: !sameRepository,
    merged,
    updatedAt: new Date(pullRequest.updated_at),
    login: event.sender.login,
  });
}

function proposalOf({ number, pull_request: { head, body } }: z.infer<typeof pullRequestEvent>) {
  return { number, branch: head.ref, body: body ?? '' };
}

/** What was merged leaves the queue too. */
function isMerged({ reason }: z.infer<typeof pullRequestEvent>): boolean {
  return reason === 'MERGE' || reason === 'ALREADY_MERGED';
}

/** GitHub names the pull request of a merge group in its branch alone: `gh-readonly-queue/main/pr-104-<sha of its base>`. */
const MERGE_GROUP_REF = /^refs\/heads\/gh-readonly-queue\/.+\/pr-([1-9][0-9]{0,9})-[0-9a-f]{40}$/;

async function onMergeGroup(platform: Platform, event: z.infer<typeof mergeGroupEvent>): Promise<void> {
  const { head_ref: ref, head_sha: headSha, base_sha: baseSha, base_ref: baseRef } = event.merge_group;
  if (event.action !== 'checks_requested' || !isDeploymentsRepository(platform, nameOf(event))) return;
  if (baseRef !== `refs/heads/${event.repository.default_branch}`) return;
  const number = MERGE_GROUP_REF.exec(ref)?.[1];
  if (number === undefined) {
    platform.log.warn({ ref }, 'Merge group of another form of name is not checked');
    return;
  }
  await reviewMergeGroup(platform, { number: Number(number), headSha, baseSha });
}

/** What pull requests are held to beside their own files: a change of it makes what was said of open ones untrue at once. */
const HELD_TO: readonly string[] = [POLICY_FILE, 'base/limit-range.yaml', 'base/resource-quota.yaml'];

async function onDeploymentsPush(platform: Platform, { commits = [] }: z.infer<typeof pushEvent>): Promise<void> {
  const changed = commits.flatMap(({ added = [], modified = [], removed = [] }) => [...added, ...modified, ...removed]);
  if (changed.some((path) => HELD_TO.includes(path))) await reviewOpenPullRequests(platform, 'all');
}

/** Whatever brings other manifests, or the same ones to another branch. */
function isToBeReviewed({ action, changes }: z.infer<typeof pullRequestEvent>): boolean {
  return ['opened', 'synchronize', 'reopened'].includes(action) || (action === 'edited' && changes?.base !== undefined);
}

async function reviewHead(platform: Platform, event: z.infer<typeof pullRequestEvent>): Promise<void> {
  const { head, updated_at: updatedAt } = event.pull_request;
  // GitHub does not name a fork's pull request when its checks are asked for again.
  await platform.pullRequestHeads.saw(event.repository.id, event.number, head.sha, new Date(updatedAt));
  await reviewPullRequest(platform, { number: event.number, headSha: head.sha, branch: head.ref });
}

async function onCheckRun(platform: Platform, event: z.infer<typeof checkRunEvent>): Promise<void> {
  if (event.action !== 'rerequested' || !isDeploymentsRepository(platform, nameOf(event))) return;
  const number = pullRequestOfKey(event.check_run.external_id ?? '');
  if (number !== undefined) await reviewPullRequest(platform, { number, headSha: event.check_run.head_sha });
}

async function onCheckSuite(platform: Platform, event: z.infer<typeof checkSuiteEvent>): Promise<void> {
  if (event.action !== 'rerequested' || !isDeploymentsRepository(platform, nameOf(event))) return;
  const { head_sha: headSha, pull_requests: named } = event.check_suite;
  const seen = await platform.pullRequestHeads.pullRequestsAt(event.repository.id, headSha);
  for (const number of new Set([...named.map((one) => one.number), ...seen])) {
    await reviewPullRequest(platform, { number, headSha });
  }
}

async function onWorkflowRun(platform: Platform, event: z.infer<typeof workflowRunEvent>): Promise<void> {
  const { workflow_run: run } = event;
  if (event.action !== 'completed' || run.conclusion === 'success') return;
  await followBuild(platform, {
    repositoryId: event.repository.id,
    runId: run.id,
    ...(run.event === 'workflow_dispatch' ? { title: run.display_title ?? '' } : {}),
    conclusion: run.conclusion ?? 'failure',
    url: run.html_url,
  });
}

async function onRepositoryDispatch(platform: Platform, event: z.infer<typeof repositoryDispatchEvent>): Promise<void> {
  if (event.action !== 'mcp-hosting-build') return;
  const report = buildReport.safeParse(event.client_payload);
  if (!report.success) {
    platform.log.warn({ repository: fullName(nameOf(event)) }, 'Build report is malformed');
    return;
  }
  await recordBuildReport(platform, {
    repositoryId: event.repository.id,
    rolloutId: report.data.rollout,
    runId: report.data.run_id,
    digest: report.data.digest,
  });
}

function nameOf(event: { repository: { name: string; owner: { login: string } } }): RepositoryName {
  return { owner: event.repository.owner.login, name: event.repository.name };
}

function isDeploymentsRepository(platform: Platform, repository: RepositoryName): boolean {
  return fullName(repository).toLowerCase() === fullName(platform.settings.deploymentsRepository).toLowerCase();
}
