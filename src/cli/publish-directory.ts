import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../domain/user-error.ts';
import { type CollectedFiles, collectFiles, copyCollected } from './collect-files.ts';
import { createGit, type Git } from './git.ts';

export interface PublishOptions {
  directory: string;
  /** Clone address; the token is sent to its host alone. */
  remoteUrl: string;
  branch: string;
  token: string;
  identity: { name: string; email: string };
  message: string;
  /** Files to add where the directory has none of that path. */
  extraFiles: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
}

export interface Published {
  commitSha: string;
  /** False when the branch held exactly these files already. */
  pushed: boolean;
  collected: CollectedFiles;
}

/** Somebody else's push between our fetch and ours is fetched and committed on top of. */
const PUSH_TRIES_MAX = 3;

/**
 * Makes the branch hold the directory's files and the extra ones, by one commit on top of what is there; equal files
 * make no commit. The directory itself is only read.
 * @throws UserError `repository-taken`, and those of `collectFiles` and `createGit`
 */
export async function publishDirectory(options: PublishOptions): Promise<Published> {
  const temporary = await mkdtemp(join(tmpdir(), 'mcp-hosting-'));
  try {
    return await publishFrom(temporary, options);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function publishFrom(temporary: string, options: PublishOptions): Promise<Published> {
  const { remoteUrl, token, identity, env, directory } = options;
  const url = new URL(remoteUrl);
  const git = createGit({ cwd: temporary, env, credential: { url: url.origin, token }, identity });
  await git.run(['init', '--quiet', `--initial-branch=${options.branch}`]);
  const collected = await collectFiles(resolve(directory), git, join(temporary, '.git'));
  await copyCollected(collected.files, resolve(directory), temporary);
  await writeExtraFiles(temporary, options.extraFiles, collected.files);
  await git.run(['add', '--all', '--force', '.']);
  const tree = (await git.run(['write-tree'])).trim();
  for (let tries = 1; ; tries++) {
    const parent = await fetchHead(git, options);
    if (parent && (await treeOf(git, parent)) === tree) return { commitSha: parent, pushed: false, collected };
    if (parent) await refuseOthersFiles(git, parent, tree, options);
    const commitSha = await commitTree(git, tree, parent, options.message);
    if (await push(git, commitSha, options, tries)) return { commitSha, pushed: true, collected };
  }
}

/** The remote branch's head; undefined where the repository is empty or has no such branch. */
async function fetchHead(git: Git, { remoteUrl, branch }: PublishOptions): Promise<string | undefined> {
  const listed = await git.run(['ls-remote', '--heads', remoteUrl, `refs/heads/${branch}`]);
  if (listed.trim() === '') return undefined;
  await git.run(['fetch', '--quiet', '--depth=1', '--no-tags', remoteUrl, `refs/heads/${branch}`]);
  return (await git.run(['rev-parse', 'FETCH_HEAD'])).trim();
}

/** A repository that is no server repository yet may happen to have the name: none of its files is taken away. */
async function refuseOthersFiles(git: Git, parent: string, tree: string, options: PublishOptions): Promise<void> {
  const setUp = await git.run(['ls-tree', '--name-only', parent, '--', ...Object.keys(options.extraFiles)]);
  if (setUp.trim() !== '') return;
  const removed = await git.run(['diff-tree', '-r', '-z', '--name-only', '--diff-filter=D', parent, tree]);
  const files = removed.split('\0').filter((path) => path !== '');
  if (files.length === 0) return;
  const { pathname } = new URL(options.remoteUrl);
  throw new UserError(
    'repository-taken',
    `Cannot push to ${pathname.slice(1).replace(/\.git$/, '')}: it holds ${files.length} file${files.length === 1 ? '' : 's'} that the folder lacks (${files[0]}), expected a new repository or the server's own`,
    'Choose another name with --name, or push by git first what belongs there.',
  );
}

async function treeOf(git: Git, commit: string): Promise<string> {
  return (await git.run(['rev-parse', `${commit}^{tree}`])).trim();
}

async function commitTree(git: Git, tree: string, parent: string | undefined, message: string): Promise<string> {
  return (await git.run(['commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', message])).trim();
}

/** @returns false when the branch moved meanwhile and it is worth another try. */
async function push(git: Git, sha: string, { remoteUrl, branch }: PublishOptions, tries: number): Promise<boolean> {
  try {
    await git.run(['push', '--quiet', remoteUrl, `${sha}:refs/heads/${branch}`]);
    return true;
  } catch (error) {
    const moved = error instanceof UserError && /rejected|fetch first|non-fast-forward/.test(error.message);
    if (!moved || tries >= PUSH_TRIES_MAX) throw error;
    return false;
  }
}

async function writeExtraFiles(
  root: string,
  extraFiles: Readonly<Record<string, string>>,
  present: readonly string[],
): Promise<void> {
  for (const [path, text] of Object.entries(extraFiles)) {
    if (present.includes(path)) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
