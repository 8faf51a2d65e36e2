import { need } from '../access/authorize.ts';
import { countCommits, listCommits, mergeBase, readCommit } from '../git/commits.ts';
import { diffFiles } from '../git/diff.ts';
import { resolveCommit } from '../git/objects.ts';
import { listRefs, readRef } from '../git/refs.ts';
import { notFound, unprocessable } from '../github-error.ts';
import { gitDirOf } from '../hub.ts';
import { viewCommit, viewFileDiff } from '../views/commit.ts';
import { repositoryHtmlUrl, repositoryUrl } from '../views/repository.ts';
import { paged } from './paging.ts';
import { json, type RepositoryCall, type RestAnswer, type Routes, repositoryRoute } from './route.ts';

const READ = need('read', 'contents:read');

/** Walked at most for one list, so that a huge history cannot fill the memory. */
const COMMITS_MAX = 1_000;

/** A comparison names this many commits at most, as GitHub's first page does. */
const COMPARED_COMMITS_MAX = 250;

export const commitRoutes: Routes = {
  'GET /repos/{owner}/{repo}/commits': repositoryRoute(READ, async (call) => {
    const { hub, repository } = call;
    const dir = gitDirOf(hub, repository);
    const start = await resolveCommit(dir, call.query.get('sha') ?? repository.defaultBranch);
    if (!start) throw notFound();
    const path = call.query.get('path');
    const commits = await listCommits(dir, [start], { limit: COMMITS_MAX, ...(path === null ? {} : { path }) });
    return paged(call, commits, (commit) => viewCommit(hub, repository, commit));
  }),
  'GET /repos/{owner}/{repo}/commits/{ref}': repositoryRoute(READ, readOne),
  'GET /repos/{owner}/{repo}/compare/{basehead}': repositoryRoute(READ, compare),
  'GET /repos/{owner}/{repo}/branches': repositoryRoute(READ, async (call) => {
    const refs = await listRefs(gitDirOf(call.hub, call.repository), 'refs/heads');
    return paged(call, [...refs], ([ref, sha]) => ({
      name: ref.slice('refs/heads/'.length),
      commit: { sha, url: `${repositoryUrl(call.hub, call.repository)}/commits/${sha}` },
      protected: call.repository.protectedBranches.includes(ref.slice('refs/heads/'.length)),
    }));
  }),
  'GET /repos/{owner}/{repo}/branches/{branch}': repositoryRoute(READ, readBranch),
};

async function readOne(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository } = call;
  const dir = gitDirOf(hub, repository);
  const sha = await resolveCommit(dir, call.params.ref ?? '');
  const commit = sha ? await readCommit(dir, sha) : undefined;
  if (!commit) throw unprocessable(`No commit found for SHA: ${call.params.ref}`);
  if (/\.sha\b/.test(call.accept)) return { status: 200, text: commit.oid };
  const files = await diffFiles(dir, commit.parents[0] ?? null, commit.oid);
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return json({
    ...viewCommit(hub, repository, commit),
    stats: { additions, deletions, total: additions + deletions },
    files: files.map((file) => viewFileDiff(hub, repository, commit.oid, file)),
  });
}

async function compare(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository } = call;
  const dir = gitDirOf(hub, repository);
  const [baseName = '', headName = ''] = (call.params.basehead ?? '').split('...');
  const [base, head] = await Promise.all([resolveCommit(dir, baseName), resolveCommit(dir, headName)]);
  const fork = base && head ? await mergeBase(dir, base, head) : undefined;
  if (!base || !head || !fork) throw notFound();
  const [ahead, behind, commits, files, baseCommit, forkCommit] = await Promise.all([
    countCommits(dir, base, head),
    countCommits(dir, head, base),
    listCommits(dir, [`${base}..${head}`], { limit: COMPARED_COMMITS_MAX }),
    diffFiles(dir, fork, head),
    readCommit(dir, base),
    readCommit(dir, fork),
  ]);
  if (!baseCommit || !forkCommit) throw notFound();
  const html = `${repositoryHtmlUrl(hub, repository)}/compare/${call.params.basehead}`;
  return json({
    url: `${repositoryUrl(hub, repository)}/compare/${call.params.basehead}`,
    html_url: html,
    permalink_url: `${repositoryHtmlUrl(hub, repository)}/compare/${base}...${head}`,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: viewCommit(hub, repository, baseCommit),
    merge_base_commit: viewCommit(hub, repository, forkCommit),
    status: comparisonStatus(ahead, behind),
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    commits: commits.reverse().map((commit) => viewCommit(hub, repository, commit)),
    files: files.map((file) => viewFileDiff(hub, repository, head, file)),
  });
}

function comparisonStatus(ahead: number, behind: number): string {
  if (ahead > 0) return behind > 0 ? 'diverged' : 'ahead';
  return behind > 0 ? 'behind' : 'identical';
}

async function readBranch(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository } = call;
  const name = call.params.branch ?? '';
  const dir = gitDirOf(hub, repository);
  const sha = await readRef(dir, `refs/heads/${name}`);
  const commit = sha ? await readCommit(dir, sha) : undefined;
  if (!commit) throw notFound('Branch not found');
  const api = `${repositoryUrl(hub, repository)}/branches/${name}`;
  const isProtected = repository.protectedBranches.includes(name);
  return json({
    name,
    commit: viewCommit(hub, repository, commit),
    _links: { self: api, html: `${repositoryHtmlUrl(hub, repository)}/tree/${name}` },
    protected: isProtected,
    protection: { enabled: isProtected },
    protection_url: `${api}/protection`,
  });
}
