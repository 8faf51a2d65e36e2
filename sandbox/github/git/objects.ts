import DataLoader from 'dataloader';
import { remember } from './remember.ts';
import { git, runGit } from './run-git.ts';

export interface GitObject {
  oid: string;
  type: 'blob' | 'tree' | 'commit' | 'tag';
  content: Buffer;
}

export interface TreeEntry {
  mode: string;
  type: 'blob' | 'tree' | 'commit';
  oid: string;
  /** Bytes; 0 for trees and submodules. */
  size: number;
  /** Relative to the tree that was listed. */
  path: string;
}

/** By repository. What is asked at once is asked in one process: a query for fifty files took seconds with one each. */
const readers = new Map<string, DataLoader<string, GitObject | undefined>>();

/** @param expression anything rev-parse takes, e.g. `main:servers/x`; @returns undefined where nothing is there. */
export async function readObject(dir: string, expression: string): Promise<GitObject | undefined> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would be a second question to cat-file.
  if (/[\u0000\r\n]/.test(expression) || expression.length > 4_096) return undefined;
  const reader = readers.get(dir) ?? new DataLoader((asked) => readObjects(dir, asked), READER);
  readers.set(dir, reader);
  return reader.load(expression);
}

/** References move: nothing is kept from one batch to the next. */
const READER = { cache: false, maxBatchSize: 100 };

async function readObjects(dir: string, expressions: readonly string[]): Promise<(GitObject | undefined)[]> {
  const { code, stdout } = await runGit(dir, ['cat-file', '--batch'], { input: `${expressions.join('\n')}\n` });
  if (code !== 0 && expressions.length > 1) {
    return (await Promise.all(expressions.map((expression) => readObjects(dir, [expression])))).flat();
  }
  let at = 0;
  return expressions.map(() => {
    const headEnd = stdout.indexOf(10, at);
    const match = /^([0-9a-f]{40}) (blob|tree|commit|tag) (\d+)$/.exec(stdout.subarray(at, headEnd).toString());
    at = headEnd + 1;
    if (!match) return undefined;
    const content = stdout.subarray(at, at + Number(match[3]));
    at += content.length + 1;
    return { oid: match[1] as string, type: match[2] as GitObject['type'], content };
  });
}

/** @returns the commit an expression leads to (through tags), or undefined. */
export async function resolveCommit(dir: string, expression: string): Promise<string | undefined> {
  const object = await readObject(dir, `${expression}^{commit}`);
  return object?.type === 'commit' ? object.oid : undefined;
}

/** @param oid of a tree or a commit */
export function listTree(dir: string, oid: string, recursive = false): Promise<TreeEntry[]> {
  const args = ['ls-tree', '-z', '-l', '--full-tree', ...(recursive ? ['-r', '-t'] : []), oid];
  return remember([dir, ...args], async () => parseTree(await git(dir, args)));
}

function parseTree(text: string): TreeEntry[] {
  return text.split('\0').flatMap((line) => {
    const match = /^(\d+) (blob|tree|commit) ([0-9a-f]{40}) +(\d+|-)\t(.*)$/s.exec(line);
    if (!match) return [];
    const [, mode = '', type, oid = '', size = '', path = ''] = match;
    return { mode, type: type as TreeEntry['type'], oid, size: size === '-' ? 0 : Number(size), path };
  });
}

export async function writeBlob(dir: string, content: Buffer): Promise<string> {
  return (await git(dir, ['hash-object', '-w', '--stdin'], { input: content })).trim();
}

/** @param paths files to copy into the repository; @returns the ids of the blobs, in that order */
export async function writeBlobs(dir: string, paths: readonly string[]): Promise<string[]> {
  const input = paths.map((path) => `${path}\n`).join('');
  const text = await git(dir, ['hash-object', '-w', '--no-filters', '--stdin-paths'], { input });
  return text.split('\n').slice(0, paths.length);
}

/** Git's own rule: a blob with a NUL in its first 8,000 bytes is binary. */
export function isBinary(content: Buffer): boolean {
  return content.subarray(0, 8_000).includes(0);
}
