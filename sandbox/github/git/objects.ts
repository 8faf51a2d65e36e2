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

/** @param expression anything rev-parse takes, e.g. `main:servers/x`; @returns undefined where nothing is there. */
export async function readObject(dir: string, expression: string): Promise<GitObject | undefined> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would be a second question to cat-file.
  if (/[\u0000\r\n]/.test(expression) || expression.length > 4_096) return undefined;
  const { stdout } = await runGit(dir, ['cat-file', '--batch'], { input: `${expression}\n` });
  const headEnd = stdout.indexOf(10);
  const match = /^([0-9a-f]{40}) (blob|tree|commit|tag) (\d+)$/.exec(stdout.subarray(0, headEnd).toString());
  if (!match) return undefined;
  const content = stdout.subarray(headEnd + 1, headEnd + 1 + Number(match[3]));
  return { oid: match[1] as string, type: match[2] as GitObject['type'], content };
}

/** @returns the commit an expression leads to (through tags), or undefined. */
export async function resolveCommit(dir: string, expression: string): Promise<string | undefined> {
  const object = await readObject(dir, `${expression}^{commit}`);
  return object?.type === 'commit' ? object.oid : undefined;
}

export async function listTree(dir: string, treeish: string, recursive = false): Promise<TreeEntry[]> {
  const args = ['ls-tree', '-z', '-l', '--full-tree', ...(recursive ? ['-r', '-t'] : []), treeish];
  const text = await git(dir, args);
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

/** Git's own rule: a blob with a NUL in its first 8,000 bytes is binary. */
export function isBinary(content: Buffer): boolean {
  return content.subarray(0, 8_000).includes(0);
}
