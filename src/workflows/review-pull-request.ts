import { setImmediate } from 'node:timers/promises';
import { deploymentBranch, serverIdOfBranch } from '../domain/branch-names.ts';
import type { CheckRunView } from '../domain/reports/check-run-view.ts';
import { renderManifestsCheck, renderManifestsComment } from '../domain/reports/manifests-report.ts';
import { MANIFESTS_MARKER, parseRolloutMarker } from '../domain/reports/markers.ts';
import { fullName } from '../domain/repository.ts';
import { requiredSecrets } from '../domain/review/required-secrets.ts';
import { type FolderSides, type ManifestsReview, reviewInSteps } from '../domain/review/review-manifests.ts';
import { type TouchedPaths, touchedPaths, touchesNothing } from '../domain/review/touched-paths.ts';
import type { MergeGroup, ReviewSubject, StatusReport } from '../ports/github.ts';
import { recordFact } from './advance-server.ts';
import { findUnsetSecrets, unsetSecretsOf } from './find-unset-secrets.ts';
import type { Platform } from './platform.ts';
import { endpointUrlOf, imageOf, ownDomainOf } from './server-names.ts';

/** Servers of one pull request that are checked: four requests for their files, and a comment that people can read. */
const SERVERS_MAX = 200;

/** What GitHub takes of annotations in one request. */
const ANNOTATIONS_PER_REQUEST = 50;

export interface ReviewQuery {
  number: number;
  /** The head as it was told; whether it is the head still is asked. */
  headSha: string;
  /** Name of the head's branch, where it was told. */
  branch?: string;
}

/**
 * Checks the manifests of a pull request of the deployments repository, and tells: the check run `mcp-hosting / manifests`
 * and one comment with the rendered diff. Always looks at the head as it is now and at what was told before, so that it
 * may be called at any time and as often as one likes: what is told already is not written again.
 * Requests: 2 with nothing to check (read, write); else 4 (read, folders, texts, write), 3 for a branch of the bot, and
 * one less when all was told before.
 */
export function reviewPullRequest(platform: Platform, query: ReviewQuery): Promise<void> {
  return platform.serverLock.withLock(`review:${query.number}`, () => review(platform, query));
}

async function review(platform: Platform, { number, headSha, branch = '' }: ReviewQuery): Promise<void> {
  const serverId = serverIdOfBranch(branch);
  const folder = serverId === undefined ? {} : { folder: `servers/${serverId}` };
  const subject = await platform.reviews.read({ number, headSha, ...folder });
  if (!subject) return;
  const result = await withUnset(platform, subject, await reviewOf(platform, subject));
  const options = { ...reportOptions(platform, subject), review: result };
  const check = renderManifestsCheck(options);
  const comment = wantsComment(subject, result) ? renderManifestsComment(options) : undefined;
  await tell(platform, subject, { check, comment });
  if (check.conclusion === 'SUCCESS') await letMergeGoOn(platform, subject);
  platform.log.info(
    { pullRequest: subject.number, head: subject.headSha, conclusion: check.conclusion },
    'Manifests were checked',
  );
}

/**
 * Checks a pull request as its merge queue is about to merge it, beside those that are ahead in the queue: a required check
 * that is not there on a group's commit keeps the queue waiting. Told by the check run alone.
 */
export async function reviewMergeGroup(platform: Platform, group: MergeGroup): Promise<void> {
  const subject = await platform.reviews.readMergeGroup(group);
  if (!subject) return;
  const review = await reviewOf(platform, subject);
  const check = renderManifestsCheck({ ...reportOptions(platform, subject), review });
  await tell(platform, subject, { check, comment: undefined });
  const { number: pullRequest, headSha: head } = subject;
  platform.log.info({ pullRequest, head, conclusion: check.conclusion }, 'Manifests of a merge group were checked');
}

function reportOptions(platform: Platform, subject: ReviewSubject) {
  return {
    repository: subject.repository,
    pullRequest: subject.number,
    headSha: subject.headSha,
    baseBranch: subject.baseBranch,
    githubWebUrl: platform.settings.githubWebUrl,
  };
}

async function reviewOf(platform: Platform, subject: ReviewSubject): Promise<ManifestsReview | 'nothing'> {
  if (subject.changedPaths === null) return tooMuch('it changes over 1,000 files');
  const touched = touchedPaths(subject.changedPaths);
  if (touched.servers.size > SERVERS_MAX) return tooMuch(`it changes ${touched.servers.size} servers`);
  const branchServerId = subject.fork ? undefined : serverIdOfBranch(subject.headBranch);
  if (touchesNothing(touched)) return 'nothing';
  const { folders, base } = await readTouched(platform, subject, touched);
  return inBreaths(
    reviewInSteps({
      settings: settingsOf(platform),
      touched,
      changedPaths: subject.changedPaths.all,
      ...(branchServerId === undefined ? {} : { branchServerId }),
      servers: folders,
      ...(base ? { base } : {}),
      policy: subject.policy,
      limitRangeText: subject.limitRangeText,
      resourceQuotaText: subject.resourceQuotaText,
      imagesOf: await imagesOf(platform, [...touched.servers.keys()]),
      claims: await platform.hostedServers.claimedDomains(),
    }),
  );
}

/**
 * What the merge would have to wait for. A stranger's fork is told nothing of what is set, and a problem comes first. One
 * read of the cluster for each server that needs anything.
 */
async function withUnset(
  platform: Platform,
  { fork }: ReviewSubject,
  result: ManifestsReview | 'nothing',
): Promise<ManifestsReview | 'nothing'> {
  if (result === 'nothing' || fork || result.problems.some(({ level }) => level === 'failure')) return result;
  const needed = result.folders
    .filter(({ path }) => path.startsWith(SERVERS_PATH))
    .map(({ path, after = [] }) => {
      const serverId = path.slice(SERVERS_PATH.length);
      return [serverId, requiredSecrets(serverId, after)] as const;
    });
  const unset = await findUnsetSecrets(platform, new Map(needed));
  return unset.length === 0 ? result : { ...result, unset };
}

const SERVERS_PATH = 'servers/';

/** Lets what else waits in the process go first between two steps. */
async function inBreaths<Result>(steps: Generator<undefined, Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}

function tooMuch(state: string): ManifestsReview {
  const message = `Cannot check this pull request: ${state}, expected ${SERVERS_MAX} servers and 1,000 files at most. Split it`;
  return { folders: [], problems: [{ path: 'servers', line: 1, endLine: 1, level: 'failure', message }] };
}

async function readTouched(
  platform: Platform,
  subject: ReviewSubject,
  touched: TouchedPaths,
): Promise<{ folders: ReadonlyMap<string, FolderSides>; base: FolderSides | undefined }> {
  const ids = [...touched.servers.keys()];
  const paths = [...ids.map((id) => `servers/${id}`), ...(touched.base.size > 0 ? ['base'] : [])];
  const read = paths.length === 0 ? new Map() : await platform.reviews.readFolders(subject, paths);
  const none: FolderSides = { base: [], head: [] };
  return {
    folders: new Map(ids.map((id) => [id, read.get(`servers/${id}`) ?? none])),
    base: touched.base.size > 0 ? (read.get('base') ?? none) : undefined,
  };
}

function settingsOf({ settings }: Platform) {
  return {
    namespace: settings.serversNamespace,
    route: settings.route,
    hostOf: (serverId: string) => new URL(endpointUrlOf(settings, serverId)).hostname,
    ownDomain: ownDomainOf(settings),
  };
}

/** By the owner of its repository; of a server that nobody knows yet, by that of the deployments repository. */
async function imagesOf(platform: Platform, serverIds: readonly string[]): Promise<(id: string) => string[]> {
  const { settings, hostedServers } = platform;
  const known = new Map<string, string>();
  for (const serverId of serverIds) {
    const server = await hostedServers.findByServerId(serverId);
    if (server) known.set(serverId, imageOf(settings, server.source.repository, serverId));
  }
  return (serverId) => [known.get(serverId) ?? imageOf(settings, settings.deploymentsRepository, serverId)];
}

/**
 * Nobody is told what they know: not where a pull request has nothing to check and never had, and not under one of the
 * bot's own, whose body has the diff, unless somebody changed it or something is wrong.
 */
function wantsComment(subject: ReviewSubject, result: ManifestsReview | 'nothing'): boolean {
  if (subject.comment) return true;
  if (result === 'nothing') return false;
  return !isOwnProposal(subject) || result.problems.length > 0;
}

/** The head is the very commit that the bot's pull request was made for: both name the rollout. */
function isOwnProposal({ byBot, fork, body, headMessage }: ReviewSubject): boolean {
  const rolloutId = parseRolloutMarker(body);
  return byBot && !fork && rolloutId !== undefined && headMessage.split('\n').includes(`Rollout: ${rolloutId}`);
}

/** Under the policy `auto`, branch protection may have refused the merge until this check was through. */
async function letMergeGoOn(platform: Platform, subject: ReviewSubject): Promise<void> {
  const serverId = serverIdOfBranch(subject.headBranch);
  const rolloutId = parseRolloutMarker(subject.body);
  if (serverId === undefined || rolloutId === undefined || !isOwnProposal(subject)) return;
  const rollout = await platform.rollouts.read(rolloutId);
  if (rollout?.serverId !== serverId || rollout.stage !== 'proposed') return;
  await recordFact(platform, serverId, rolloutId, { kind: 'checks-passed' });
}

async function tell(
  platform: Platform,
  subject: ReviewSubject,
  { check, comment }: { check: CheckRunView; comment: string | undefined },
): Promise<void> {
  const isToldByCheck = subject.checkRun?.completed && subject.checkRun.externalId === check.externalId;
  const isToldByComment = comment === undefined || subject.comment?.body.trimEnd() === comment.trimEnd();
  if (isToldByCheck && isToldByComment) return;
  const [first = [], ...rest] = isToldByCheck ? [] : inBatches(check.annotations);
  const isWhole = rest.length === 0;
  const report: StatusReport = {
    installationId: subject.installationId,
    repository: subject.repository,
    repositoryNodeId: subject.repositoryNodeId,
    // A run of another external id is taken for unfinished, and made anew: annotations can be added, never removed.
    ...(isToldByCheck
      ? {}
      : {
          checkRun: { ...check, annotations: first, externalId: isWhole ? check.externalId : `${check.externalId}/…` },
        }),
    ...(isToldByComment
      ? {}
      : {
          comment: {
            issueNodeId: subject.nodeId,
            issue: subject.number,
            marker: MANIFESTS_MARKER,
            body: comment,
          },
        }),
  };
  const known = subject.comment ? { commentId: subject.comment.id } : {};
  const { checkRunId } = await platform.reports.publish(report, known, false);
  if (checkRunId === undefined) return;
  for (const annotations of rest) {
    const last = annotations === rest.at(-1);
    const { comment: _, ...more } = report;
    const externalId = last ? check.externalId : `${check.externalId}/…`;
    await platform.reports.publish({ ...more, checkRun: { ...check, annotations, externalId } }, { checkRunId }, false);
  }
}

function inBatches(annotations: CheckRunView['annotations']): CheckRunView['annotations'][] {
  const count = Math.max(1, Math.ceil(annotations.length / ANNOTATIONS_PER_REQUEST));
  return Array.from({ length: count }, (_, index) =>
    annotations.slice(index * ANNOTATIONS_PER_REQUEST, (index + 1) * ANNOTATIONS_PER_REQUEST),
  );
}

/** Checks open pull requests again: all of them after a change of the policy, else those whose event was lost. */
export async function reviewOpenPullRequests(platform: Platform, which: 'all' | 'unchecked'): Promise<void> {
  const open = await platform.reviews.listOpen();
  const due = open.filter(({ checked }) => which === 'all' || !checked);
  if (due.length > 0) {
    const repository = fullName(platform.settings.deploymentsRepository);
    platform.log.info({ repository, count: due.length, which }, 'Pull requests are checked again');
  }
  for (const { number, headSha } of due) await reviewPullRequest(platform, { number, headSha });
}

/**
 * Checks a server's open deployment pull request again, whose check says which of its secrets are not set, as the server's
 * comment does. Where that fails they say what was so before, and the rollout goes on all the same: nobody has to wait for it.
 */
export async function renewProposalCheck(platform: Platform, serverId: string): Promise<void> {
  try {
    const waiting = await platform.rollouts.unfinished(serverId);
    for (const rollout of waiting) {
      const { stage, proposal } = rollout;
      if (stage !== 'proposed' || !proposal) continue;
      const unsetSecrets = await unsetSecretsOf(platform, rollout);
      await recordFact(platform, serverId, rollout.id, { kind: 'secrets-changed', unsetSecrets });
      const query = { number: proposal.number, headSha: proposal.branchHeadSha, branch: deploymentBranch(serverId) };
      await reviewPullRequest(platform, query);
    }
  } catch (error) {
    platform.log.warn({ error, server: serverId }, 'The check of a deployment pull request was not renewed');
  }
}
