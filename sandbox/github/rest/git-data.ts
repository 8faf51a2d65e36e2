import { need } from '../access/authorize.ts';
import { commitTree, readCommit } from '../git/commits.ts';
import { listTree, readObject, writeBlob } from '../git/objects.ts';
import { listRefs, readRef, SHA } from '../git/refs.ts';
import { isRefusedByGit } from '../git/write-tree.ts';
import { notFound, unprocessable } from '../github-error.ts';
import { gitDirOf, WEB_FLOW } from '../hub.ts';
import { createRef, deleteRef, moveRef } from '../model/refs.ts';
import { nodeId } from '../store/node-id.ts';
import { noreplyEmail, viewGitCommit } from '../views/commit.ts';
import { repositoryUrl } from '../views/repository.ts';
import { readFlag, readText, readTexts } from './fields.ts';
import {
  json,
  noContent,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('read', 'contents:read');
const WRITE = need('write', 'contents:write');

export const gitDataRoutes: Routes = {
  'GET /repos/{owner}/{repo}/git/ref/{ref}': repositoryRoute(READ, async (call) => {
    const ref = `refs/${call.params.ref}`;
    const oid = await readRef(gitDirOf(call.hub, call.repository), ref);
    if (!oid) throw notFound();
    return json(viewRef(call, ref, oid));
  }),
  'GET /repos/{owner}/{repo}/git/matching-refs/{ref}': repositoryRoute(READ, async (call) => {
    const refs = await listRefs(gitDirOf(call.hub, call.repository), 'refs/heads', 'refs/tags', 'refs/pull');
    const matching = [...refs].filter(([ref]) => ref.startsWith(`refs/${call.params.ref}`));
    return json(matching.map(([ref, oid]) => viewRef(call, ref, oid)));
  }),
  'POST /repos/{owner}/{repo}/git/refs': repositoryRoute(WRITE, async (call) => {
    const ref = readText(call.body, 'ref') ?? '';
    const oid = readText(call.body, 'sha') ?? '';
    await createRef(call.hub, call.repository, senderOf(call), { ref, oid });
    return json(viewRef(call, ref, oid), 201);
  }),
  'PATCH /repos/{owner}/{repo}/git/refs/{ref}': repositoryRoute(WRITE, async (call) => {
    const ref = `refs/${call.params.ref}`;
    const oid = readText(call.body, 'sha') ?? '';
    await moveRef(call.hub, call.repository, senderOf(call), {
      ref,
      oid,
      force: readFlag(call.body, 'force') ?? false,
    });
    return json(viewRef(call, ref, oid));
  }),
  'DELETE /repos/{owner}/{repo}/git/refs/{ref}': repositoryRoute(WRITE, async (call) => {
    await deleteRef(call.hub, call.repository, senderOf(call), `refs/${call.params.ref}`);
    return noContent();
  }),
  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}': repositoryRoute(READ, (call) => {
    return viewCommitAnswer(call, call.params.commit_sha ?? '', 200);
  }),
  'POST /repos/{owner}/{repo}/git/commits': repositoryRoute(WRITE, createCommit),
  'POST /repos/{owner}/{repo}/git/blobs': repositoryRoute(WRITE, async (call) => {
    const encoding = readText(call.body, 'encoding') === 'base64' ? 'base64' : 'utf8';
    const content = Buffer.from(readText(call.body, 'content') ?? '', encoding);
    const sha = await writeBlob(gitDirOf(call.hub, call.repository), content);
    return json({ sha, url: `${repositoryUrl(call.hub, call.repository)}/git/blobs/${sha}` }, 201);
  }),
  'GET /repos/{owner}/{repo}/git/blobs/{file_sha}': repositoryRoute(READ, async (call) => {
    const sha = call.params.file_sha ?? '';
    const object = SHA.test(sha) ? await readObject(gitDirOf(call.hub, call.repository), sha) : undefined;
    if (object?.type !== 'blob') throw notFound();
    return json({
      sha,
      node_id: nodeId('Blob', call.repository.id, sha),
      size: object.content.length,
      url: `${repositoryUrl(call.hub, call.repository)}/git/blobs/${sha}`,
      content: object.content.toString('base64'),
      encoding: 'base64',
    });
  }),
  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}': repositoryRoute(READ, readTree),
};

async function createCommit(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository, body } = call;
  const date = hub.now();
  const sender = senderOf(call);
  const oid = await commitTree(gitDirOf(hub, repository), {
    tree: readText(body, 'tree') ?? '',
    parents: readTexts(body, 'parents') ?? [],
    message: readText(body, 'message') ?? '',
    author: { name: sender.login, email: noreplyEmail(sender), date },
    committer: { ...WEB_FLOW, date },
  }).catch((error: unknown) => {
    throw isRefusedByGit(error) ? unprocessable('Tree SHA or parent does not exist') : error;
  });
  return viewCommitAnswer(call, oid, 201);
}

async function readTree(call: RepositoryCall): Promise<RestAnswer> {
  const dir = gitDirOf(call.hub, call.repository);
  const object = await readObject(dir, `${call.params.tree_sha}^{tree}`);
  if (object?.type !== 'tree') throw notFound();
  const api = repositoryUrl(call.hub, call.repository);
  const entries = await listTree(dir, object.oid, call.query.has('recursive'));
  return json({
    sha: object.oid,
    url: `${api}/git/trees/${object.oid}`,
    tree: entries.map(({ path, mode, type, oid, size }) => ({
      path,
      mode,
      type,
      sha: oid,
      ...(type === 'blob' ? { size } : {}),
      url: `${api}/git/${type}s/${oid}`,
    })),
    truncated: false,
  });
}

async function viewCommitAnswer(call: RepositoryCall, sha: string, status: number): Promise<RestAnswer> {
  const commit = SHA.test(sha) ? await readCommit(gitDirOf(call.hub, call.repository), sha) : undefined;
  if (!commit) throw notFound();
  return json(viewGitCommit(call.hub, call.repository, commit), status);
}

function viewRef(call: RepositoryCall, ref: string, oid: string) {
  const api = repositoryUrl(call.hub, call.repository);
  return {
    ref,
    node_id: nodeId('Ref', call.repository.id, ref),
    url: `${api}/git/${ref}`,
    object: { sha: oid, type: 'commit', url: `${api}/git/commits/${oid}` },
  };
}
