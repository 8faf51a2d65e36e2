/** What the sandbox's GitHub remembers beside git: contents and refs are never here, they live in the bare repositories. */

export const ROLES = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export type ReactionContent = '+1' | '-1' | 'laugh' | 'confused' | 'heart' | 'hooray' | 'rocket' | 'eyes';

export interface Account {
  id: number;
  /** A bot's ends in `[bot]`, as in REST. */
  login: string;
  type: 'User' | 'Organization' | 'Bot';
  name: string | null;
  createdAt: string;
  /** Organizations only: ids of the owners, who are admins of every repository. */
  ownerIds: number[];
}

export interface Installation {
  id: number;
  accountId: number;
  permissions: Record<string, 'read' | 'write'>;
  createdAt: string;
}

export interface AccessToken {
  token: string;
  kind: 'person' | 'installation' | 'actions';
  /** person: the account; actions: the bot that acts. */
  accountId: number;
  installationId: number | null;
  /** null: every repository that the installation covers. */
  repositoryIds: number[] | null;
  permissions: Record<string, 'read' | 'write'>;
  expiresAt: string | null;
}

export interface Reaction {
  id: number;
  accountId: number;
  content: ReactionContent;
  createdAt: string;
}

export interface Comment {
  id: number;
  accountId: number;
  body: string;
  createdAt: string;
  updatedAt: string;
  reactions: Reaction[];
  /** The App through which it was made. */
  viaApp: boolean;
}

export interface Label {
  id: number;
  name: string;
  color: string;
  description: string | null;
}

export interface PullRequest {
  id: number;
  /** null once the head repository is deleted. */
  headRepositoryId: number | null;
  headLabel: string;
  headRef: string;
  headSha: string;
  baseRef: string;
  baseSha: string;
  draft: boolean;
  mergedAt: string | null;
  mergedById: number | null;
  mergeSha: string | null;
  maintainerCanModify: boolean;
}

/** An issue, or a pull request when `pull` is set: they share numbers, comments, labels and reactions. */
export interface Issue {
  id: number;
  number: number;
  accountId: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  stateReason: 'completed' | 'not_planned' | 'reopened' | null;
  locked: boolean;
  labels: string[];
  assigneeIds: number[];
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  closedById: number | null;
  viaApp: boolean;
  reactions: Reaction[];
  comments: Comment[];
  pull: PullRequest | null;
}

export interface Annotation {
  path: string;
  startLine: number;
  endLine: number;
  startColumn: number | null;
  endColumn: number | null;
  level: 'notice' | 'warning' | 'failure';
  title: string | null;
  message: string;
  rawDetails: string | null;
}

export type CheckStatus = 'queued' | 'in_progress' | 'completed';
export type CheckConclusion =
  | 'action_required'
  | 'cancelled'
  | 'failure'
  | 'neutral'
  | 'success'
  | 'skipped'
  | 'stale'
  | 'timed_out';

export interface CheckRun {
  id: number;
  suiteId: number;
  name: string;
  headSha: string;
  externalId: string;
  detailsUrl: string | null;
  status: CheckStatus;
  conclusion: CheckConclusion | null;
  startedAt: string | null;
  completedAt: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  annotations: Annotation[];
}

export interface CheckSuite {
  id: number;
  headSha: string;
  createdAt: string;
  updatedAt: string;
}

export type DeploymentState = 'error' | 'failure' | 'inactive' | 'in_progress' | 'queued' | 'pending' | 'success';

export interface DeploymentStatus {
  id: number;
  accountId: number;
  state: DeploymentState;
  description: string;
  environment: string;
  environmentUrl: string;
  logUrl: string;
  createdAt: string;
}

export interface Deployment {
  id: number;
  accountId: number;
  ref: string;
  sha: string;
  task: string;
  environment: string;
  description: string | null;
  payload: string;
  transient: boolean;
  production: boolean;
  createdAt: string;
  updatedAt: string;
  statuses: DeploymentStatus[];
}

export interface WorkflowJob {
  id: number;
  name: string;
  status: CheckStatus;
  conclusion: 'success' | 'failure' | 'cancelled' | 'skipped' | null;
  startedAt: string | null;
  completedAt: string | null;
  steps: { name: string; number: number; status: string; conclusion: string | null }[];
}

export interface Run {
  id: number;
  runNumber: number;
  workflowId: number;
  path: string;
  name: string;
  displayTitle: string;
  event: 'workflow_dispatch';
  status: CheckStatus;
  conclusion: 'success' | 'failure' | 'cancelled' | null;
  headSha: string;
  headBranch: string;
  suiteId: number;
  accountId: number;
  inputs: Record<string, string>;
  jobs: WorkflowJob[];
  createdAt: string;
  startedAt: string | null;
  updatedAt: string;
}

export interface Hook {
  id: number;
  url: string;
  contentType: 'json' | 'form';
  secret: string | null;
  events: string[];
  active: boolean;
  createdAt: string;
  updatedAt: string;
}

export interface Repository {
  id: number;
  ownerId: number;
  name: string;
  description: string | null;
  private: boolean;
  archived: boolean;
  defaultBranch: string;
  parentId: number | null;
  createdAt: string;
  updatedAt: string;
  pushedAt: string;
  /** Number of the newest issue or pull request. */
  lastNumber: number;
  /** Role of a person beyond what ownership gives, by account id. */
  collaborators: Record<string, Role>;
  labels: Label[];
  issues: Issue[];
  checkSuites: CheckSuite[];
  checkRuns: CheckRun[];
  deployments: Deployment[];
  /** Workflow ids by file path. */
  workflows: Record<string, number>;
  runs: Run[];
  hooks: Hook[];
  /** Merging into these branches needs an approving review, which nobody gives here. */
  protectedBranches: string[];
  /** By branch, the check run that a head must have passed before it is merged. */
  requiredChecks?: Record<string, string>;
}

export interface Delivery {
  id: number;
  guid: string;
  /** `app`, or the id of a repository webhook. */
  target: 'app' | number;
  event: string;
  action: string | null;
  installationId: number | null;
  repositoryId: number | null;
  redelivery: boolean;
  deliveredAt: string;
  /** Seconds. */
  duration: number;
  status: string;
  statusCode: number;
  url: string;
  requestHeaders: Record<string, string>;
  /** The exact bytes that were signed, as text. */
  requestBody: string;
  responseHeaders: Record<string, string>;
  responseBody: string | null;
}
