import { countCommits } from '../git/commits.ts';
import { readRef } from '../git/refs.ts';
import { type GitHubError, invalidField } from '../github-error.ts';
import { gitDirOf, type Hub, ownerOf } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import type { PullIssue } from '../views/pull-request.ts';
import { emitPullRequest } from '../webhooks/events.ts';
import { checkBody, checkTitle, editTexts, newIssue } from './issues.ts';
import { closePull, publishHead } from './pull-states.ts';

export interface NewPull {
  title: string;
  body: string | null;
  head: { repository: Repository; branch: string };
  base: string;
  draft: boolean;
  maintainerCanModify: boolean;
  viaApp: boolean;
}

/**
 * @throws GitHubError UNPROCESSABLE where a branch is missing, there is nothing between the two, or such a pull request
 *   is open already
 */
export async function createPull(
  hub: Hub,
  repository: Repository,
  sender: Account,
  wanted: NewPull,
): Promise<PullIssue> {
  checkTitle('PullRequest', wanted.title);
  checkBody('PullRequest', wanted.body);
  const { head } = wanted;
  const { baseSha, headSha } = await readEnds(hub, repository, wanted.base, head);
  const headLabel = `${ownerOf(hub, head.repository).login}:${head.branch}`;
  if (findOpen(repository, head, wanted.base)) {
    throw invalidField('PullRequest', 'head', `A pull request already exists for ${headLabel}.`);
  }
  const issue = newIssue(hub, repository, sender, wanted);
  await publishHead(hub, repository, issue, {
    repository: head.repository,
    ref: `refs/heads/${head.branch}`,
    sha: headSha,
  });
  await requireCommitsBetween(hub, repository, { baseSha, headSha, base: wanted.base, head: head.branch });
  const pull: PullIssue = Object.assign(issue, {
    pull: {
      id: hub.store.nextId(),
      headRepositoryId: head.repository.id,
      headLabel,
      headRef: head.branch,
      headSha,
      baseRef: wanted.base,
      baseSha,
      draft: wanted.draft,
      mergedAt: null,
      mergedById: null,
      mergeSha: null,
      maintainerCanModify: wanted.maintainerCanModify,
    },
  });
  repository.lastNumber = issue.number;
  repository.issues.push(pull);
  hub.store.touch(repository);
  await emitPullRequest(hub, { repository, sender }, 'opened', pull);
  return pull;
}

export interface PullEdit {
  title?: string | undefined;
  body?: string | null | undefined;
  base?: string | undefined;
  state?: 'open' | 'closed' | undefined;
}

/** @throws GitHubError UNPROCESSABLE for a text or base that cannot be, or a closed one that cannot be reopened */
export async function updatePull(
  hub: Hub,
  repository: Repository,
  issue: PullIssue,
  sender: Account,
  edit: PullEdit,
): Promise<void> {
  await applyEdit(hub, repository, issue, sender, edit);
  if (edit.state === 'closed' && issue.state === 'open') await closePull(hub, repository, issue, sender);
  if (edit.state === 'open' && issue.state === 'closed') await reopen(hub, repository, issue, sender);
}

function findOpen(
  repository: Repository,
  head: { repository: Repository; branch: string },
  base: string,
): PullIssue | undefined {
  return pullsOf(repository).find(
    ({ state, pull }) =>
      state === 'open' &&
      pull.headRepositoryId === head.repository.id &&
      pull.headRef === head.branch &&
      pull.baseRef === base,
  );
}

export function pullsOf(repository: Repository): PullIssue[] {
  return repository.issues.filter((issue): issue is PullIssue => issue.pull !== null);
}

async function applyEdit(
  hub: Hub,
  repository: Repository,
  issue: PullIssue,
  sender: Account,
  edit: PullEdit,
): Promise<void> {
  const changes = editTexts('PullRequest', issue, edit);
  if (edit.base !== undefined && edit.base !== issue.pull.baseRef) {
    const sha = await readRef(gitDirOf(hub, repository), `refs/heads/${edit.base}`);
    if (!sha) throw invalidField('PullRequest', 'base', `Proposed base branch '${edit.base}' was not found`);
    changes.base = { ref: { from: issue.pull.baseRef }, sha: { from: issue.pull.baseSha } };
    issue.pull.baseRef = edit.base;
    issue.pull.baseSha = sha;
  }
  if (Object.keys(changes).length === 0) return;
  issue.updatedAt = hub.now();
  hub.store.touch(repository);
  await emitPullRequest(hub, { repository, sender }, 'edited', issue, { changes });
}

async function reopen(hub: Hub, repository: Repository, issue: PullIssue, sender: Account): Promise<void> {
  const { pull } = issue;
  const headRepository = pull.headRepositoryId === null ? undefined : hub.store.repositories.get(pull.headRepositoryId);
  if (pull.mergedAt || !headRepository) throw cannotReopen();
  const head = { repository: headRepository, branch: pull.headRef };
  if (findOpen(repository, head, pull.baseRef)) throw cannotReopen();
  const ends = await readEnds(hub, repository, pull.baseRef, head);
  const ref = `refs/heads/${pull.headRef}`;
  await publishHead(hub, repository, issue, { repository: headRepository, ref, sha: ends.headSha });
  await requireCommitsBetween(hub, repository, { ...ends, base: pull.baseRef, head: pull.headRef });
  Object.assign(pull, ends);
  Object.assign(issue, { state: 'open', closedAt: null, closedById: null, updatedAt: hub.now() });
  hub.store.touch(repository);
  await emitPullRequest(hub, { repository, sender }, 'reopened', issue);
}

function cannotReopen(): GitHubError {
  return invalidField('PullRequest', 'state', 'state cannot be changed. The pull request cannot be reopened.');
}

async function readEnds(
  hub: Hub,
  repository: Repository,
  base: string,
  head: { repository: Repository; branch: string },
): Promise<{ baseSha: string; headSha: string }> {
  const baseSha = await readRef(gitDirOf(hub, repository), `refs/heads/${base}`);
  const headSha = await readRef(gitDirOf(hub, head.repository), `refs/heads/${head.branch}`);
  if (!headSha) throw invalidField('PullRequest', 'head', "Head sha can't be blank, Head ref must be a branch");
  if (!baseSha) throw invalidField('PullRequest', 'base', "Base sha can't be blank, Base ref must be a branch");
  return { baseSha, headSha };
}

async function requireCommitsBetween(
  hub: Hub,
  repository: Repository,
  ends: { baseSha: string; headSha: string; base: string; head: string },
): Promise<void> {
  if ((await countCommits(gitDirOf(hub, repository), ends.baseSha, ends.headSha)) > 0) return;
  throw invalidField('PullRequest', 'head', `No commits between ${ends.base} and ${ends.head}`);
}
