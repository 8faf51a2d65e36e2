import { invalidField } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { Account, Issue, Repository } from '../store/entities.ts';
import { emitIssue } from '../webhooks/events.ts';
import { ensureLabel } from './labels.ts';

/** GitHub's limits, in characters. */
const TITLE_CHARACTERS_MAX = 256;
const BODY_CHARACTERS_MAX = 65_536;

export interface NewIssue {
  title: string;
  body: string | null;
  labels?: string[];
  viaApp: boolean;
}

export function createIssue(hub: Hub, repository: Repository, sender: Account, wanted: NewIssue): Issue {
  checkTitle('Issue', wanted.title);
  checkBody('Issue', wanted.body);
  const issue = newIssue(hub, repository, sender, wanted);
  for (const name of wanted.labels ?? []) issue.labels.push(ensureLabel(hub, repository, name).name);
  repository.lastNumber = issue.number;
  repository.issues.push(issue);
  hub.store.touch(repository);
  emitIssue(hub, { repository, sender }, 'opened', issue);
  return issue;
}

export interface IssueEdit {
  title?: string | undefined;
  body?: string | null | undefined;
  state?: 'open' | 'closed' | undefined;
  stateReason?: Issue['stateReason'] | undefined;
  labels?: string[] | undefined;
}

export function updateIssue(hub: Hub, repository: Repository, issue: Issue, sender: Account, edit: IssueEdit): void {
  const changes = editTexts('Issue', issue, edit);
  if (edit.labels) issue.labels = edit.labels.map((name) => ensureLabel(hub, repository, name).name);
  issue.updatedAt = hub.now();
  hub.store.touch(repository);
  if (Object.keys(changes).length > 0) emitIssue(hub, { repository, sender }, 'edited', issue, { changes });
  changeState(hub, repository, issue, sender, edit);
}

/**
 * Puts title and body in, as far as they are given.
 *
 * @returns `changes` of the "edited" event
 * @throws GitHubError UNPROCESSABLE
 */
export function editTexts(
  resource: 'Issue' | 'PullRequest',
  issue: Issue,
  edit: Pick<IssueEdit, 'title' | 'body'>,
): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  if (edit.title !== undefined && edit.title !== issue.title) {
    checkTitle(resource, edit.title);
    changes.title = { from: issue.title };
    issue.title = edit.title;
  }
  if (edit.body !== undefined && edit.body !== issue.body) {
    checkBody(resource, edit.body);
    changes.body = { from: issue.body ?? '' };
    issue.body = edit.body;
  }
  return changes;
}

/** An issue with the number that comes next, not yet in the repository. */
export function newIssue(
  hub: Hub,
  repository: Repository,
  account: Account,
  wanted: { title: string; body: string | null; viaApp: boolean },
): Issue {
  const now = hub.now();
  return {
    id: hub.store.nextId(),
    number: repository.lastNumber + 1,
    accountId: account.id,
    title: wanted.title,
    body: wanted.body,
    state: 'open',
    stateReason: null,
    locked: false,
    labels: [],
    assigneeIds: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedById: null,
    viaApp: wanted.viaApp,
    reactions: [],
    comments: [],
    pull: null,
  };
}

/** @throws GitHubError UNPROCESSABLE */
export function checkTitle(resource: string, title: string): void {
  if (title.trim() === '') throw invalidField(resource, 'title', "title can't be blank");
  if (title.length > TITLE_CHARACTERS_MAX) {
    throw invalidField(resource, 'title', `title is too long (maximum is ${TITLE_CHARACTERS_MAX} characters)`);
  }
}

/** @throws GitHubError UNPROCESSABLE */
export function checkBody(resource: string, body: string | null): void {
  if (body !== null && [...body].length > BODY_CHARACTERS_MAX) {
    throw invalidField(resource, 'body', `body is too long (maximum is ${BODY_CHARACTERS_MAX} characters)`);
  }
}

function changeState(hub: Hub, repository: Repository, issue: Issue, sender: Account, edit: IssueEdit): void {
  if (edit.state === undefined || edit.state === issue.state) return;
  const closing = edit.state === 'closed';
  issue.state = edit.state;
  issue.stateReason = closing ? (edit.stateReason ?? 'completed') : 'reopened';
  issue.closedAt = closing ? issue.updatedAt : null;
  issue.closedById = closing ? sender.id : null;
  emitIssue(hub, { repository, sender }, closing ? 'closed' : 'reopened', issue);
}
