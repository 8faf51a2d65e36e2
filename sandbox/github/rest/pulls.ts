import { need } from '../access/authorize.ts';
import { listCommits } from '../git/commits.ts';
import { diffFiles, diffText } from '../git/diff.ts';
import { invalidField, notFound } from '../github-error.ts';
import { gitDirOf, ownerOf } from '../hub.ts';
import { type MergeWish, mergePull } from '../model/merges.ts';
import { createPull, pullsOf, updatePull } from '../model/pulls.ts';
import type { Repository } from '../store/entities.ts';
import { viewCommit, viewFileDiff } from '../views/commit.ts';
import { diffBase, type PullIssue, viewPullRequest, viewPullRequestSimple } from '../views/pull-request.ts';
import { readFlag, readNullableText, readText } from './fields.ts';
import { paged } from './paging.ts';
import {
  idParam,
  isViaApp,
  json,
  noContent,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('read', 'pull_requests:read');
const WRITE = need('read', 'pull_requests:write');

/** GitHub lists no more commits of a pull request than this. */
const COMMITS_MAX = 250;

export const pullRoutes: Routes = {
  'POST /repos/{owner}/{repo}/pulls': repositoryRoute(WRITE, create),
  'GET /repos/{owner}/{repo}/pulls': repositoryRoute(READ, list),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': repositoryRoute(READ, async (call) => {
    const issue = pullParam(call);
    if (/\.diff\b/.test(call.accept)) {
      const dir = gitDirOf(call.hub, call.repository);
      const base = await diffBase(call.hub, call.repository, issue.pull);
      return { status: 200, text: await diffText(dir, base, issue.pull.headSha) };
    }
    return json(await viewPullRequest(call.hub, call.repository, issue));
  }),
  'PATCH /repos/{owner}/{repo}/pulls/{pull_number}': repositoryRoute(WRITE, edit),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/files': repositoryRoute(READ, async (call) => {
    const { pull } = pullParam(call);
    const base = await diffBase(call.hub, call.repository, pull);
    const files = await diffFiles(gitDirOf(call.hub, call.repository), base, pull.headSha);
    return paged(call, files, (file) => viewFileDiff(call.hub, call.repository, pull.headSha, file));
  }),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/commits': repositoryRoute(READ, async (call) => {
    const { pull } = pullParam(call);
    const range = `${await diffBase(call.hub, call.repository, pull)}..${pull.headSha}`;
    const commits = await listCommits(gitDirOf(call.hub, call.repository), [range], { limit: COMMITS_MAX });
    return paged(call, commits.reverse(), (commit) => viewCommit(call.hub, call.repository, commit));
  }),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/merge': repositoryRoute(READ, (call) => {
    if (pullParam(call).pull.mergedAt === null) throw notFound();
    return noContent();
  }),
  'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge': repositoryRoute(need('write', 'contents:write'), merge),
};

/** @throws GitHubError NOT_FOUND */
function pullParam(call: RepositoryCall): PullIssue {
  const number = idParam(call, 'pull_number');
  const issue = pullsOf(call.repository).find((one) => one.number === number);
  if (!issue) throw notFound();
  return issue;
}

async function create(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository, body } = call;
  const issue = await createPull(hub, repository, senderOf(call), {
    title: readText(body, 'title') ?? '',
    body: readText(body, 'body') ?? null,
    head: parseHead(call, readText(body, 'head') ?? ''),
    base: readText(body, 'base') ?? '',
    draft: readFlag(body, 'draft') ?? false,
    maintainerCanModify: readFlag(body, 'maintainer_can_modify') ?? false,
    viaApp: isViaApp(call),
  });
  return json(await viewPullRequest(hub, repository, issue), 201);
}

/** `branch`, or `owner:branch` for a branch in a fork. */
function parseHead(call: RepositoryCall, head: string): { repository: Repository; branch: string } {
  const colon = head.indexOf(':');
  if (colon < 0) return { repository: call.repository, branch: head };
  const owner = head.slice(0, colon).toLowerCase();
  const repository = [call.repository, ...call.hub.store.repositories.values()].find(
    (one) =>
      ownerOf(call.hub, one).login.toLowerCase() === owner &&
      (one === call.repository || one.parentId === call.repository.id || call.repository.parentId === one.id),
  );
  if (!repository) throw invalidField('PullRequest', 'head', `head ${head} was not found`);
  return { repository, branch: head.slice(colon + 1) };
}

function list(call: RepositoryCall): Promise<RestAnswer> {
  const { query, hub, repository } = call;
  const state = query.get('state') ?? 'open';
  const head = query.get('head');
  const base = query.get('base');
  const matching = pullsOf(repository).filter(
    ({ state: now, pull }) =>
      (state === 'all' || now === state) &&
      (head === null || pull.headLabel === head || pull.headRef === head) &&
      (base === null || pull.baseRef === base),
  );
  const newestFirst = query.get('direction') !== 'asc';
  return paged(call, newestFirst ? matching.reverse() : matching, (one) => viewPullRequestSimple(hub, repository, one));
}

async function edit(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository, body } = call;
  const issue = pullParam(call);
  await updatePull(hub, repository, issue, senderOf(call), {
    title: readText(body, 'title'),
    body: readNullableText(body, 'body'),
    base: readText(body, 'base'),
    state: readText(body, 'state') as 'open' | 'closed' | undefined,
  });
  return json(await viewPullRequest(hub, repository, issue));
}

async function merge(call: RepositoryCall): Promise<RestAnswer> {
  const { body } = call;
  const sha = await mergePull(call.hub, call.repository, pullParam(call), senderOf(call), {
    method: (readText(body, 'merge_method') ?? 'merge') as MergeWish['method'],
    expectedHead: readText(body, 'sha'),
    title: readText(body, 'commit_title'),
    message: readText(body, 'commit_message'),
  });
  return json({ sha, merged: true, message: 'Pull Request successfully merged' });
}
