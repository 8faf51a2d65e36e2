import { type Commit, listCommits, readCommit } from '../git/commits.ts';
import { type GitObject, isBinary, listTree, readObject, type TreeEntry } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { gitDirOf, WEB_FLOW } from '../hub.ts';
import { pullsOf } from '../model/pulls.ts';
import type { Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { accountOfEmail, isVerified } from '../views/commit.ts';
import { repositoryHtmlUrl } from '../views/repository.ts';
import { accountNode } from './accounts.ts';
import { checkSuiteNode } from './checks.ts';
import { type ConnectionArguments, connection } from './connections.ts';
import type { GraphqlContext } from './context.ts';

/** GitHub cuts the text of a blob off here, in bytes. */
const BLOB_TEXT_BYTES_MAX = 512_000;

const HISTORY_MAX = 1_000;

/** @param expression e.g. `main:servers/x`; @returns null where nothing is there */
export async function gitObjectNode(context: GraphqlContext, repository: Repository, expression: string) {
  const object = await readObject(gitDirOf(context.hub, repository), expression);
  if (!object) return null;
  if (object.type === 'blob') return blobNode(context, repository, object);
  if (object.type === 'tree') return treeNode(context, repository, object.oid);
  return commitNodeByOid(context, repository, object.oid);
}

export async function commitNodeByOid(
  context: GraphqlContext,
  repository: Repository,
  oid: string,
): Promise<object | null> {
  const commit = await readCommit(gitDirOf(context.hub, repository), oid);
  return commit ? commitNode(context, repository, commit) : null;
}

export function commitNode(context: GraphqlContext, repository: Repository, commit: Commit) {
  const { hub } = context;
  const [headline = '', ...rest] = commit.message.split('\n');
  const url = `${repositoryHtmlUrl(hub, repository)}/commit/${commit.oid}`;
  const person = ({ name, email, date }: Commit['author']) => {
    const account = accountOfEmail(hub, email);
    return { name, email, date, user: account ? accountNode(hub, account) : null };
  };
  return {
    __typename: 'Commit',
    ...objectFields(context, repository, 'Commit', commit.oid),
    url,
    resourcePath: new URL(url).pathname,
    message: commit.message,
    messageHeadline: headline,
    messageBody: rest.join('\n').trim(),
    authoredDate: commit.author.date,
    committedDate: commit.committer.date,
    author: () => person(commit.author),
    committer: () => person(commit.committer),
    committedViaWeb: commit.committer.email === WEB_FLOW.email,
    signature: () => (isVerified(commit) ? signatureOf(commit) : null),
    tree: () => treeNode(context, repository, commit.tree),
    file: async ({ path }: { path: string }) => fileNode(context, repository, commit, path),
    parents: async (args: ConnectionArguments) => {
      const parents = await Promise.all(commit.parents.map((oid) => commitNodeByOid(context, repository, oid)));
      return connection(parents, args, (parent) => parent);
    },
    history: async (args: ConnectionArguments & { path?: string | null }) => {
      const options = { limit: HISTORY_MAX, ...(args.path ? { path: args.path } : {}) };
      const commits = await listCommits(gitDirOf(hub, repository), [commit.oid], options);
      return connection(commits, args, (one) => commitNode(context, repository, one));
    },
    checkSuites: (args: ConnectionArguments & { filterBy?: { appId?: number; checkName?: string } | null }) => {
      const { appId, checkName } = args.filterBy ?? {};
      const suites = repository.checkSuites.filter(
        (suite) =>
          suite.headSha === commit.oid &&
          (!appId || appId === hub.app.id) &&
          (!checkName || repository.checkRuns.some((run) => run.suiteId === suite.id && run.name === checkName)),
      );
      return connection(suites, args, (suite) => checkSuiteNode(context, repository, suite));
    },
    associatedPullRequests: (args: ConnectionArguments) => {
      const pulls = pullsOf(repository).filter(
        ({ pull }) => pull.headSha === commit.oid || pull.mergeSha === commit.oid,
      );
      return connection(pulls, args, (one) => context.nodes.pullRequest(repository, one));
    },
  };
}

export async function refTarget(context: GraphqlContext, repository: Repository, ref: string) {
  const oid = await readRef(gitDirOf(context.hub, repository), ref);
  return oid ? gitObjectNode(context, repository, oid) : null;
}

function treeNode(context: GraphqlContext, repository: Repository, oid: string) {
  return {
    __typename: 'Tree',
    ...objectFields(context, repository, 'Tree', oid),
    entries: async () => {
      const entries = await listTree(gitDirOf(context.hub, repository), oid);
      return entries.map((entry) => entryNode(context, repository, entry, entry.path));
    },
  };
}

function blobNode(context: GraphqlContext, repository: Repository, object: GitObject) {
  const binary = isBinary(object.content);
  const truncated = object.content.length > BLOB_TEXT_BYTES_MAX;
  return {
    __typename: 'Blob',
    ...objectFields(context, repository, 'Blob', object.oid),
    byteSize: object.content.length,
    isBinary: binary,
    isTruncated: truncated,
    text: binary ? null : object.content.subarray(0, BLOB_TEXT_BYTES_MAX).toString(),
  };
}

async function fileNode(context: GraphqlContext, repository: Repository, commit: Commit, path: string) {
  const dir = gitDirOf(context.hub, repository);
  const slash = path.lastIndexOf('/');
  const folder = await readObject(dir, `${commit.oid}:${slash < 0 ? '' : path.slice(0, slash)}`);
  if (folder?.type !== 'tree') return null;
  const entry = (await listTree(dir, folder.oid)).find((one) => one.path === path.slice(slash + 1));
  return entry ? entryNode(context, repository, entry, path) : null;
}

function entryNode(context: GraphqlContext, repository: Repository, entry: TreeEntry, path: string) {
  const name = entry.path;
  const dot = name.lastIndexOf('.');
  return {
    __typename: 'TreeEntry',
    name,
    nameRaw: Buffer.from(name).toString('base64'),
    path,
    pathRaw: Buffer.from(path).toString('base64'),
    extension: dot < 0 ? '' : name.slice(dot),
    mode: Number.parseInt(entry.mode, 8),
    oid: entry.oid,
    size: entry.size,
    type: entry.type,
    object: () => (entry.type === 'commit' ? null : gitObjectNode(context, repository, entry.oid)),
    repository: () => context.nodes.repository(repository),
  };
}

function objectFields(context: GraphqlContext, repository: Repository, type: 'Commit' | 'Tree' | 'Blob', oid: string) {
  const html = `${repositoryHtmlUrl(context.hub, repository)}/commit/${oid}`;
  return {
    id: nodeId(type, repository.id, oid),
    oid,
    abbreviatedOid: oid.slice(0, 7),
    commitUrl: html,
    commitResourcePath: new URL(html).pathname,
    repository: () => context.nodes.repository(repository),
  };
}

function signatureOf(commit: Commit) {
  return {
    __typename: 'GpgSignature',
    isValid: true,
    state: 'VALID',
    wasSignedByGitHub: true,
    email: commit.committer.email,
    payload: '',
    signature: '',
    signer: null,
    verifiedAt: commit.committer.date,
  };
}
