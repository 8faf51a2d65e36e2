import { remember } from './remember.ts';
import { git, runGit } from './run-git.ts';

export interface Signature {
  name: string;
  email: string;
  /** ISO 8601. */
  date: string;
}

export interface Commit {
  oid: string;
  tree: string;
  parents: string[];
  author: Signature;
  committer: Signature;
  message: string;
}

const FORMAT = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%n');

/** Commits that a log query walks, newest first. @param revisions e.g. ['main'] or ['a..b'] */
export async function listCommits(
  dir: string,
  revisions: readonly string[],
  options: { limit: number; path?: string },
): Promise<Commit[]> {
  const path = options.path ? [options.path] : [];
  const args = ['log', '-z', `--format=${FORMAT}`, `--max-count=${options.limit}`, '--end-of-options'];
  const text = await git(dir, [...args, ...revisions, '--', ...path]);
  return text.split('\0').filter(Boolean).map(parseCommit);
}

/** @param oid a full object id */
export async function readCommit(dir: string, oid: string): Promise<Commit | undefined> {
  return remember([dir, 'commit', oid], () => askCommit(dir, oid));
}

async function askCommit(dir: string, oid: string): Promise<Commit | undefined> {
  const result = await runGit(dir, ['log', '-z', `--format=${FORMAT}`, '--max-count=1', oid, '--']);
  const text = result.stdout.toString().split('\0')[0];
  return result.code === 0 && text ? parseCommit(text) : undefined;
}

function parseCommit(text: string): Commit {
  const [oid = '', tree = '', parents = '', an = '', ae = '', aI = '', cn = '', ce = '', cI = '', ...message] =
    text.split('\n');
  return {
    oid,
    tree,
    parents: parents.split(' ').filter(Boolean),
    author: { name: an, email: ae, date: aI },
    committer: { name: cn, email: ce, date: cI },
    message: message.join('\n').replace(/\n+$/, ''),
  };
}

export async function isAncestor(dir: string, ancestor: string, descendant: string): Promise<boolean> {
  return (await runGit(dir, ['merge-base', '--is-ancestor', ancestor, descendant])).code === 0;
}

/** Of two commits, by their full ids; undefined where they have nothing in common. */
export function mergeBase(dir: string, one: string, other: string): Promise<string | undefined> {
  return remember([dir, 'merge-base', one, other], async () => {
    const result = await runGit(dir, ['merge-base', one, other]);
    return result.code === 0 ? result.stdout.toString().trim() : undefined;
  });
}

/** How many commits `head` has beyond `base`, both by their full ids. */
export function countCommits(dir: string, base: string, head: string): Promise<number> {
  return remember([dir, 'count', base, head], async () =>
    Number(await git(dir, ['rev-list', '--count', `${base}..${head}`])),
  );
}

export async function commitTree(
  dir: string,
  commit: { tree: string; parents: string[]; message: string; author: Signature; committer: Signature },
): Promise<string> {
  const env = {
    GIT_AUTHOR_NAME: commit.author.name,
    GIT_AUTHOR_EMAIL: commit.author.email,
    GIT_AUTHOR_DATE: commit.author.date,
    GIT_COMMITTER_NAME: commit.committer.name,
    GIT_COMMITTER_EMAIL: commit.committer.email,
    GIT_COMMITTER_DATE: commit.committer.date,
  };
  const parents = commit.parents.flatMap((parent) => ['-p', parent]);
  return (await git(dir, ['commit-tree', ...parents, commit.tree], { env, input: `${commit.message}\n` })).trim();
}
