import type { Commit, Signature } from '../git/commits.ts';
import type { FileDiff } from '../git/diff.ts';
import { type Hub, WEB_FLOW } from '../hub.ts';
import type { Account, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { repositoryHtmlUrl, repositoryUrl } from './repository.ts';
import { viewUser } from './user.ts';

/** GitHub's `commit`. */
export function viewCommit(hub: Hub, repository: Repository, commit: Commit) {
  const api = repositoryUrl(hub, repository);
  const author = accountOfEmail(hub, commit.author.email);
  const committer = accountOfEmail(hub, commit.committer.email);
  return {
    sha: commit.oid,
    node_id: nodeId('Commit', repository.id, commit.oid),
    commit: {
      author: viewSignature(commit.author),
      committer: viewSignature(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.oid}`,
      comment_count: 0,
      verification: verificationOf(commit),
    },
    url: `${api}/commits/${commit.oid}`,
    html_url: `${repositoryHtmlUrl(hub, repository)}/commit/${commit.oid}`,
    comments_url: `${api}/commits/${commit.oid}/comments`,
    author: author ? viewUser(hub, author) : null,
    committer: committer ? viewUser(hub, committer) : null,
    parents: viewParents(hub, repository, commit, 'commits'),
  };
}

/** GitHub's `git-commit`, of the Git Data API. */
export function viewGitCommit(hub: Hub, repository: Repository, commit: Commit) {
  const api = repositoryUrl(hub, repository);
  return {
    sha: commit.oid,
    node_id: nodeId('Commit', repository.id, commit.oid),
    url: `${api}/git/commits/${commit.oid}`,
    html_url: `${repositoryHtmlUrl(hub, repository)}/commit/${commit.oid}`,
    author: viewSignature(commit.author),
    committer: viewSignature(commit.committer),
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    message: commit.message,
    parents: viewParents(hub, repository, commit, 'git/commits'),
    verification: verificationOf(commit),
  };
}

/** GitHub's `diff-entry`. */
export function viewFileDiff(hub: Hub, repository: Repository, sha: string, file: FileDiff) {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const html = repositoryHtmlUrl(hub, repository);
  return {
    sha: file.oid,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${html}/blob/${sha}/${path}`,
    raw_url: `${html}/raw/${sha}/${path}`,
    contents_url: `${repositoryUrl(hub, repository)}/contents/${path}?ref=${sha}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  };
}

/** The address of an account in commits that GitHub makes for it. */
export function noreplyEmail(account: Account): string {
  return `${account.id}+${account.login}@users.noreply.github.com`;
}

export function accountOfEmail(hub: Hub, email: string): Account | undefined {
  const id = /^(\d+)\+.*@users\.noreply\.github\.com$/.exec(email)?.[1];
  return id === undefined ? undefined : hub.store.accounts.find((account) => account.id === Number(id));
}

/** GitHub signs the commits that it makes itself. */
export function isVerified(commit: Commit): boolean {
  return commit.committer.email === WEB_FLOW.email;
}

function viewSignature({ name, email, date }: Signature) {
  return { name, email, date: new Date(date).toISOString().replace('.000', '') };
}

function verificationOf(commit: Commit) {
  const verified = isVerified(commit);
  return {
    verified,
    reason: verified ? 'valid' : 'unsigned',
    signature: null,
    payload: null,
    verified_at: verified ? commit.committer.date : null,
  };
}

function viewParents(hub: Hub, repository: Repository, commit: Commit, path: string) {
  return commit.parents.map((sha) => ({
    sha,
    url: `${repositoryUrl(hub, repository)}/${path}/${sha}`,
    html_url: `${repositoryHtmlUrl(hub, repository)}/commit/${sha}`,
  }));
}
