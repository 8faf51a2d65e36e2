import { authorizePaths, need } from '../access/authorize.ts';
import { readCommit } from '../git/commits.ts';
import { listTree, readObject, resolveCommit, type TreeEntry } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { GitHubError, notFound, unprocessable } from '../github-error.ts';
import { gitDirOf } from '../hub.ts';
import { writeCommitOnBranch } from '../model/commits.ts';
import { viewGitCommit } from '../views/commit.ts';
import { repositoryHtmlUrl, repositoryUrl } from '../views/repository.ts';
import { type Fields, readFields, readText } from './fields.ts';
import { json, type RepositoryCall, type RestAnswer, type Routes, repositoryRoute, senderOf } from './route.ts';

const READ = need('read', 'contents:read');
const WRITE = need('write', 'contents:write');

export const contentRoutes: Routes = {
  'GET /repos/{owner}/{repo}/contents/{path}': repositoryRoute(READ, readContents),
  'PUT /repos/{owner}/{repo}/contents/{path}': repositoryRoute(WRITE, writeContents),
  'DELETE /repos/{owner}/{repo}/contents/{path}': repositoryRoute(WRITE, deleteContents),
  'GET /repos/{owner}/{repo}/readme': repositoryRoute(READ, (call) => {
    return readContents({ ...call, params: { ...call.params, path: 'README.md' } });
  }),
};

async function readContents(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository } = call;
  const dir = gitDirOf(hub, repository);
  const ref = call.query.get('ref') ?? repository.defaultBranch;
  const path = cleanPath(call.params.path ?? '');
  const commit = await resolveCommit(dir, ref);
  if (!commit) throw notFound(`No commit found for the ref ${ref}`);
  const object = await readObject(dir, `${commit}:${path}`);
  if (object?.type === 'tree') {
    const entries = await listTree(dir, object.oid);
    const prefix = path === '' ? '' : `${path}/`;
    return json(entries.map((entry) => viewEntry(call, ref, { ...entry, path: `${prefix}${entry.path}` })));
  }
  if (object?.type !== 'blob') throw notFound();
  if (/\.raw\b/.test(call.accept)) return { status: 200, text: object.content.toString() };
  return json({
    ...viewEntry(call, ref, { mode: '100644', type: 'blob', oid: object.oid, size: object.content.length, path }),
    content: object.content.toString('base64').replaceAll(/(.{60})/g, '$1\n'),
    encoding: 'base64',
  });
}

async function writeContents(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository, body } = call;
  const path = cleanPath(call.params.path ?? '');
  const target = await findTarget(call, path);
  const sha = readText(body, 'sha');
  if (target.oid !== undefined && sha === undefined) {
    throw unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.');
  }
  if (sha !== undefined && sha !== target.oid) {
    throw new GitHubError('CONFLICT', `${path} does not match ${sha}`);
  }
  const content = Buffer.from(readText(body, 'content') ?? '', 'base64');
  const commit = await commitFile(call, target, { additions: [{ path, content }], deletions: [] });
  const dir = gitDirOf(hub, repository);
  const blob = await readObject(dir, `${commit}:${path}`);
  const entry = { mode: '100644', type: 'blob' as const, oid: blob?.oid ?? '', size: content.length, path };
  const file = viewEntry(call, target.branch, entry);
  return json({ content: file, commit: await viewNewCommit(call, commit) }, target.oid === undefined ? 201 : 200);
}

async function deleteContents(call: RepositoryCall): Promise<RestAnswer> {
  const path = cleanPath(call.params.path ?? '');
  const target = await findTarget(call, path);
  if (target.oid === undefined) throw notFound();
  if (readText(call.body, 'sha') !== target.oid) {
    throw new GitHubError('CONFLICT', `${path} does not match ${readText(call.body, 'sha')}`);
  }
  const commit = await commitFile(call, target, { additions: [], deletions: [path] });
  return json({ content: null, commit: await viewNewCommit(call, commit) });
}

interface Target {
  branch: string;
  head: string | null;
  /** The blob that is there now. */
  oid: string | undefined;
}

async function findTarget(call: RepositoryCall, path: string): Promise<Target> {
  const { hub, repository, body } = call;
  const dir = gitDirOf(hub, repository);
  const branch = readText(body, 'branch') ?? repository.defaultBranch;
  const head = await readRef(dir, `refs/heads/${branch}`);
  if (head === null && branch !== repository.defaultBranch) throw notFound(`Branch ${branch} not found`);
  const object = head === null ? undefined : await readObject(dir, `${head}:${path}`);
  return { branch, head, oid: object?.oid };
}

function commitFile(
  call: RepositoryCall,
  target: Target,
  changes: Parameters<typeof writeCommitOnBranch>[3]['changes'],
): Promise<string> {
  authorizePaths(call.actor, [...changes.additions.map((file) => file.path), ...changes.deletions]);
  return writeCommitOnBranch(call.hub, call.repository, senderOf(call), {
    branch: target.branch,
    expectedHead: target.head,
    message: readText(call.body, 'message') ?? '',
    changes,
    author: signature(call.body, 'author') ?? signature(call.body, 'committer'),
    committer: signature(call.body, 'committer'),
  });
}

function signature(body: Fields, name: string): { name: string; email: string } | undefined {
  const fields = readFields(body, name);
  return fields && { name: readText(fields, 'name') ?? '', email: readText(fields, 'email') ?? '' };
}

async function viewNewCommit(call: RepositoryCall, oid: string) {
  const commit = await readCommit(gitDirOf(call.hub, call.repository), oid);
  if (!commit) throw notFound();
  return viewGitCommit(call.hub, call.repository, commit);
}

function viewEntry(call: RepositoryCall, ref: string, entry: TreeEntry) {
  const { hub, repository } = call;
  const api = repositoryUrl(hub, repository);
  const html = repositoryHtmlUrl(hub, repository);
  const path = entry.path.split('/').map(encodeURIComponent).join('/');
  const self = `${api}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const isFile = entry.type === 'blob';
  const gitUrl = `${api}/git/${isFile ? 'blobs' : 'trees'}/${entry.oid}`;
  const page = `${html}/${isFile ? 'blob' : 'tree'}/${ref}/${path}`;
  return {
    type: isFile ? 'file' : entry.type === 'tree' ? 'dir' : 'submodule',
    size: entry.size,
    name: entry.path.slice(entry.path.lastIndexOf('/') + 1),
    path: entry.path,
    sha: entry.oid,
    url: self,
    git_url: gitUrl,
    html_url: page,
    download_url: isFile ? `${html}/raw/${ref}/${path}` : null,
    _links: { git: gitUrl, self, html: page },
  };
}

function cleanPath(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
