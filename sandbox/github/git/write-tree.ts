import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBlobs } from './objects.ts';
import { GitFailed, git } from './run-git.ts';

export interface FileChanges {
  additions: { path: string; content: Buffer }[];
  deletions: string[];
}

/**
 * The tree of a commit with some files changed, made in an index of its own, so nothing else sees it half done.
 * Files that exist keep their mode.
 * @throws GitFailed where git refuses a path (`..`, `.git`, a file where a folder stands)
 */
export async function writeChangedTree(
  dir: string,
  tmpDir: string,
  parent: string | null,
  changes: FileChanges,
): Promise<string> {
  return withIndex(tmpDir, async (env, folder) => {
    await git(dir, parent ? ['read-tree', parent] : ['read-tree', '--empty'], { env });
    const modes = await readModes(dir, env);
    const lines = changes.deletions.map((path) => `0 ${'0'.repeat(40)}\t${path}`);
    const copies = changes.additions.map((_, index) => join(folder, `${index}`));
    await Promise.all(changes.additions.map(({ content }, index) => writeFile(copies[index] as string, content)));
    const oids = await writeBlobs(dir, copies);
    for (const [index, { path }] of changes.additions.entries()) {
      lines.push(`${modes.get(path) ?? '100644'} ${oids[index]}\t${path}`);
    }
    const input = lines.map((line) => `${line}\0`).join('');
    await git(dir, ['update-index', '-z', '--index-info'], { env, input });
    return (await git(dir, ['write-tree'], { env })).trim();
  });
}

/** Lends a git index file that is gone afterwards. */
export async function withIndex<T>(
  tmpDir: string,
  work: (env: Record<string, string>, dir: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpDir, 'index-'));
  try {
    return await work({ GIT_INDEX_FILE: join(dir, 'index') }, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Whether git itself would take the path into an index; line breaks and NUL are refused as well. */
export function isTreePath(path: string): boolean {
  return (
    path.length > 0 &&
    path.length <= 4_096 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL ends an entry of --index-info.
    !/[\u0000\n\r]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git')
  );
}

export function isRefusedByGit(error: unknown): error is GitFailed {
  return error instanceof GitFailed;
}

async function readModes(dir: string, env: Record<string, string>): Promise<Map<string, string>> {
  const text = await git(dir, ['ls-files', '-z', '--stage'], { env });
  return new Map(
    text
      .split('\0')
      .filter(Boolean)
      .map((line) => [line.slice(line.indexOf('\t') + 1), line.slice(0, 6)]),
  );
}
