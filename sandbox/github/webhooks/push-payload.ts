import { type Commit, isAncestor, listCommits } from '../git/commits.ts';
import { diffNames } from '../git/diff.ts';
import { listRefs, type RefChange, ZERO_SHA } from '../git/refs.ts';
import { gitDirOf, type Hub, ownerOf } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import { accountOfEmail, noreplyEmail } from '../views/commit.ts';
import { repositoryHtmlUrl, viewRepository } from '../views/repository.ts';
import { viewUser } from '../views/user.ts';

/** Commits that one push names; GitHub names up to 2,048, a receiver here needs the newest. */
const COMMITS_MAX = 20;

/** Payload of a `push`, whose repository and owner are written a little differently from all other events. */
export async function renderPush(hub: Hub, repository: Repository, change: RefChange, pusher: Account) {
  const dir = gitDirOf(hub, repository);
  const html = repositoryHtmlUrl(hub, repository);
  const { before, after } = change;
  const commits = await commitsOf(dir, change);
  const views = await Promise.all(commits.map((commit) => viewPushedCommit(hub, dir, html, commit)));
  return {
    ref: change.ref,
    before: before ?? ZERO_SHA,
    after: after ?? ZERO_SHA,
    created: before === null,
    deleted: after === null,
    forced: before !== null && after !== null && !(await isAncestor(dir, before, after)),
    base_ref: null,
    compare: before && after ? `${html}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}` : `${html}/commits`,
    commits: views,
    head_commit: views.at(-1) ?? (await viewHead(hub, dir, html, after)),
    repository: viewPushedRepository(hub, repository),
    pusher: { name: pusher.login, email: noreplyEmail(pusher) },
  };
}

/** Oldest first. */
async function commitsOf(dir: string, { ref, before, after }: RefChange): Promise<Commit[]> {
  if (after === null) return [];
  const revisions = before === null ? [after, ...(await otherBranches(dir, ref))] : [`${before}..${after}`];
  return (await listCommits(dir, revisions, { limit: COMMITS_MAX })).reverse();
}

/** A new branch brings only commits that no other has; git reads `^<id>` as "without". */
async function otherBranches(dir: string, ref: string): Promise<string[]> {
  const branches = await listRefs(dir, 'refs/heads');
  return [...branches].filter(([name]) => name !== ref).map(([, oid]) => `^${oid}`);
}

async function viewHead(hub: Hub, dir: string, html: string, after: string | null) {
  if (after === null) return null;
  const [commit] = await listCommits(dir, [after], { limit: 1 });
  return commit ? viewPushedCommit(hub, dir, html, commit) : null;
}

async function viewPushedCommit(hub: Hub, dir: string, html: string, commit: Commit) {
  const files = await diffNames(dir, commit.parents[0] ?? null, commit.oid);
  const person = ({ name, email }: { name: string; email: string }) => {
    const account = accountOfEmail(hub, email);
    return { name, email, ...(account ? { username: account.login } : {}) };
  };
  return {
    id: commit.oid,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${html}/commit/${commit.oid}`,
    author: person(commit.author),
    committer: person(commit.committer),
    added: files.filter((file) => file.status === 'added').map((file) => file.path),
    removed: files.filter((file) => file.status === 'removed').map((file) => file.path),
    modified: files.filter((file) => !['added', 'removed'].includes(file.status)).map((file) => file.path),
  };
}

function viewPushedRepository(hub: Hub, repository: Repository) {
  const owner = ownerOf(hub, repository);
  const html = repositoryHtmlUrl(hub, repository);
  return {
    ...viewRepository(hub, repository),
    owner: { ...viewUser(hub, owner), name: owner.login, email: null },
    url: html,
    created_at: Math.floor(Date.parse(repository.createdAt) / 1_000),
    pushed_at: Math.floor(Date.parse(repository.pushedAt) / 1_000),
    stargazers: 0,
    master_branch: repository.defaultBranch,
    ...(owner.type === 'Organization' ? { organization: owner.login } : {}),
  };
}
