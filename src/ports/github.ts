import type { DeploymentsSnapshot } from '../domain/deployments-snapshot.ts';
import type { CheckRunView } from '../domain/reports/check-run-view.ts';
import type { DeploymentView } from '../domain/reports/deployment-view.ts';
import type { RepositoryName } from '../domain/repository.ts';
import type { FolderSides } from '../domain/review/review-manifests.ts';
import type { ChangedPaths } from '../domain/review/touched-paths.ts';
import type { PullRequestRef, ReportIds } from '../domain/rollout.ts';

/**
 * What the bot needs of GitHub, one narrow interface a need. The adapter is `adapters/github/`.
 *
 * Every write is find-or-create when `retry` is true: an earlier try may have had its effect although nobody heard of
 * it, so the adapter looks for the thing by its key before it makes it. When `retry` is false it makes it at once, which
 * is what keeps a deployment within 7 requests.
 *
 * Errors: `RetryLaterError` (ports/retry-later.ts) for a limit, an outage or a timeout; `UserError` where a person must
 * mend something (App not installed, permission missing, workflow missing, repository gone).
 */

export type RepositoryPermission = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

export interface Permissions {
  /** One request: `GET /repos/{o}/{r}/collaborators/{user}/permission` (its `role_name`, falling back to `permission`). */
  permissionOf(installationId: number, repository: RepositoryName, login: string): Promise<RepositoryPermission>;
}

/** The files of the server repository that decide how it is built, at the commit to be built; null where absent. */
export interface SourceSnapshot {
  repositoryNodeId: string;
  repositoryId: number;
  defaultBranch: string;
  /** Head of the default branch, or of the pull request when one was asked for. */
  commitSha: string;
  /** Node id of the ref; null for a fork's branch. */
  refId: string | null;
  isPrivate: boolean;
  /** Whether `.github/workflows/mcp-hosting.yml` stands on the default branch. */
  workflowPresent: boolean;
  /** The first of the files that is there and cannot be read as text: what is wrong with it, and the cure. */
  unreadable?: { code: string; message: string; hint: string };
  configText: string | null;
  packageJsonText: string | null;
  pyprojectText: string | null;
  requirementsPresent: boolean;
  dockerfilePresent: boolean;
  /** Node id of the issue or pull request asked for. */
  issueNodeId: string | null;
  pullRequest: {
    number: number;
    nodeId: string;
    state: 'OPEN' | 'CLOSED' | 'MERGED';
    /** The head is in another repository. */
    fork: boolean;
    headRepository: RepositoryName | null;
    headBranch: string;
  } | null;
}

export interface Snapshots {
  /**
   * One GraphQL request when both repositories belong to one installation, else two. `serverId` absent: a server that
   * is new, so overlay, branch and pull request are empty. Either part can be left out.
   */
  readBoth(query: {
    installationId: number;
    repository: RepositoryName;
    /** Number of the issue or pull request, when there is one; a pull request sets the commit. */
    issue?: number;
    serverId?: string;
  }): Promise<{ source: SourceSnapshot; deployments: DeploymentsSnapshot }>;
  readDeployments(serverId: string): Promise<DeploymentsSnapshot>;
}

export interface BuildRequest {
  installationId: number;
  repository: RepositoryName;
  defaultBranch: string;
  /** Inputs of the workflow, all strings. `rollout` is in the run's name, by which a retry finds it. */
  inputs: Record<string, string>;
  rolloutId: string;
}

export type BuildState =
  | { state: 'running' }
  | { state: 'succeeded'; digest: string | null }
  | { state: 'failed'; conclusion: string; log: string[]; url: string };

export interface Builds {
  /** One request: `workflow_dispatch` of `mcp-hosting.yml` with `return_run_details`. On retry looks by run name first. */
  dispatch(request: BuildRequest, retry: boolean): Promise<{ runId: number; url: string }>;
  /** For reconciliation and failures: the run's state; of a failed one, the failed step's name and last log lines. */
  read(installationId: number, repository: RepositoryName, runId: number): Promise<BuildState>;
  cancel(installationId: number, repository: RepositoryName, runId: number): Promise<void>;
}

export interface ProposalRequest {
  serverId: string;
  rolloutId: string;
  /** Files of the overlay as they should be; empty: the directory goes. */
  files: Readonly<Record<string, string>>;
  title: string;
  body: string;
  /** Commit message: headline, blank line, body. */
  message: string;
  /** As taken when the rollout began; ignored on retry, which reads anew. */
  snapshot: DeploymentsSnapshot;
}

export type ProposalOutcome =
  /** The pull request is open with exactly one more commit, or with the commit that an earlier try made. */
  | { kind: 'opened'; pullRequest: PullRequestRef & { nodeId: string }; branchHeadSha: string }
  /** The default branch holds these files already. An open pull request of this server was closed. */
  | { kind: 'unchanged'; headSha: string }
  /** On retry: the pull request of this very rollout was merged in the meantime. */
  | { kind: 'merged'; pullRequest: PullRequestRef & { nodeId: string }; mergeSha: string; mergedBy: string | null };

export type MergeOutcome = { kind: 'merged'; sha: string } | { kind: 'queued' };

export interface Proposals {
  /**
   * One GraphQL document: createRef or updateRef, createCommitOnBranch (`expectedHeadOid`), createPullRequest or
   * updatePullRequest, with labels left to the repository's own automation. Branch `mcp-hosting/<server-id>`.
   * A lost compare-and-set (STALE_DATA, ref exists) is read anew and tried again, three times at most.
   */
  propose(request: ProposalRequest, retry: boolean): Promise<ProposalOutcome>;
  /**
   * Merges; "already merged" is success. Where the branch has a merge queue, puts it there; that it is there already is
   * success too. `UserError('merge-blocked')` where branch protection refuses.
   */
  merge(pullRequest: PullRequestRef & { nodeId: string }): Promise<MergeOutcome>;
  /** State of a deployment pull request, for reconciliation. */
  readPullRequest(pullRequest: PullRequestRef): Promise<{
    state: 'OPEN' | 'CLOSED' | 'MERGED';
    mergeSha: string | null;
    mergedBy: string | null;
    closedBy: string | null;
    inMergeQueue: boolean;
  }>;
  /** Whether `ancestorSha` is `revision` or an ancestor of it, in the deployments repository. */
  contains(ancestorSha: string, revision: string): Promise<boolean>;
}

export interface SetupProposals {
  /** Find-or-create by branch `mcp-hosting/setup`: a pull request in the server repository that adds the files. */
  proposeSetup(request: {
    installationId: number;
    repository: RepositoryName;
    files: Readonly<Record<string, string>>;
    title: string;
    body: string;
    message: string;
  }): Promise<PullRequestRef>;
}

export interface StatusReport {
  installationId: number;
  repository: RepositoryName;
  repositoryNodeId: string;
  /** 👀 at first, then 🚀 or 😕; on the comment that asked. */
  reaction?: { subjectId: string; content: 'EYES' | 'ROCKET' | 'CONFUSED' };
  checkRun?: CheckRunView;
  comment?: { issueNodeId: string; issue: number; marker: string; body: string };
  deployment?: DeploymentView;
}

export interface Reports {
  /**
   * Brings what people see to the given view: creates what `known` lacks, updates the rest, one GraphQL document in the
   * order check run, deployment, reaction, comment. Part that failed because its subject is gone (comment deleted, issue
   * locked) is made anew or left out and logged; it never fails the call. On retry looks up by external id and marker.
   * Creating a deployment gives it no status in the same document; its status follows with the next report.
   */
  publish(report: StatusReport, known: ReportIds, retry: boolean): Promise<ReportIds>;
  /** A comment found again by its hidden marker (first line of `body`) among the newest 100, for refusals and help. */
  reply(request: {
    installationId: number;
    repository: RepositoryName;
    issue: number;
    marker: string;
    body: string;
    reaction?: { subjectId: string; content: 'EYES' | 'ROCKET' | 'CONFUSED' };
    retry: boolean;
  }): Promise<void>;
}

/** An open pull request of the deployments repository into its default branch, as far as its manifests are checked. */
export interface ReviewSubject {
  installationId: number;
  repository: RepositoryName;
  repositoryNodeId: string;
  number: number;
  nodeId: string;
  headSha: string;
  baseSha: string;
  baseBranch: string;
  headBranch: string;
  /** The head is in another repository. */
  fork: boolean;
  /** The App itself opened it. */
  byBot: boolean;
  body: string;
  headMessage: string;
  /** null for more files than are looked at. */
  changedPaths: ChangedPaths | null;
  /** `mcp-hosting.yml` on both sides; a file that cannot be read is a text that is no YAML. */
  policy: { base: string | null; head: string | null };
  /** `base/limit-range.yaml` on the base branch. */
  limitRangeText: string | null;
  /** `base/resource-quota.yaml` on the base branch. */
  resourceQuotaText: string | null;
  /** The comment with the marker, if it is there. */
  comment: { id: string; body: string } | null;
  /** The newest check run of this name on the head. */
  checkRun: { externalId: string; completed: boolean } | null;
}

/** What a merge queue makes to try a pull request: the base branch, the pull requests ahead of it in the queue, and it. */
export interface MergeGroup {
  number: number;
  headSha: string;
  /** Its parent: the base branch with what is ahead. */
  baseSha: string;
}

export interface PullRequestReviews {
  /**
   * One request; one more for each hundred files where some are renamed or there are over a hundred.
   * @param query.headSha the head as the event told it, which saves a request when it is the head still
   * @param query.folder one that is touched for sure, as a branch's name tells it, which saves `readFolders` a request
   * @returns undefined where it is closed, or goes into another branch: nothing is deployed from there
   */
  read(query: { number: number; headSha: string; folder?: string }): Promise<ReviewSubject | undefined>;
  /**
   * A pull request as a merge queue is about to merge it, or undefined where it is closed or goes into another branch:
   * what it changes, at the commit of its merge group instead of its own head. No comment. Requests as of `read`.
   */
  readMergeGroup(query: MergeGroup): Promise<ReviewSubject | undefined>;
  /** What stands in folders on both sides: one request for their entries, one for each hundred different texts. */
  readFolders(subject: ReviewSubject, paths: readonly string[]): Promise<ReadonlyMap<string, FolderSides>>;
  /** The newest hundred open pull requests into the default branch; `checked`: the head has a check run. One request. */
  listOpen(): Promise<{ number: number; headSha: string; checked: boolean }[]>;
}

/** The bot's issue about drift. */
export interface DriftIssue {
  number: number;
  open: boolean;
  title: string;
  body: string;
}

export interface DeploymentsInventory {
  /** One request: the directories below `servers/` on the default branch, and the bot's issue about drift. */
  read(): Promise<{ serverIds: string[]; issue: DriftIssue | null }>;
  /** One request. `number` undefined: a new issue. */
  publishIssue(number: number | undefined, issue: { title: string; body: string; open: boolean }): Promise<void>;
}

export interface MissedDeliveries {
  /** Asks GitHub to send again deliveries that failed since the given time, newest attempt of each; returns how many. */
  redeliverFailed(since: Date): Promise<number>;
}

export interface Installations {
  /** @returns undefined where the App is not installed on the repository. */
  installationOf(repository: RepositoryName): Promise<number | undefined>;
}
