import { remember } from './remember.ts';
import { git } from './run-git.ts';

export interface FileDiff {
  path: string;
  previousPath: string | null;
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'changed';
  additions: number;
  deletions: number;
  /** Object id after the change; before it for a removed file. */
  oid: string;
  /** Unified hunks without the header lines; null for a binary file. */
  patch: string | null;
}

export type ChangedFile = Pick<FileDiff, 'path' | 'previousPath' | 'status' | 'oid'>;

/** The empty tree, which is in every repository. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

const STATUS: Record<string, FileDiff['status']> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  T: 'changed',
};

/** @param base a full object id; null compares with nothing at all @param head a full object id */
export function diffFiles(dir: string, base: string | null, head: string): Promise<FileDiff[]> {
  return remember([dir, 'diff', String(base), head], () => askDiff(dir, base, head));
}

/** Only which files, and how: one question instead of three. */
export async function diffNames(dir: string, base: string | null, head: string): Promise<ChangedFile[]> {
  return parseRaw(await git(dir, ['diff', '-M', '--raw', '--no-abbrev', '-z', base ?? EMPTY_TREE, head]));
}

async function askDiff(dir: string, base: string | null, head: string): Promise<FileDiff[]> {
  const range = [base ?? EMPTY_TREE, head];
  const [raw, numstat, patch] = await Promise.all([
    git(dir, ['diff', '-M', '--raw', '--no-abbrev', '-z', ...range]),
    git(dir, ['diff', '-M', '--numstat', '-z', ...range]),
    git(dir, ['diff', '-M', ...range]),
  ]);
  const counts = parseNumstat(numstat);
  // The three outputs list the files in one and the same order.
  const patches = patch.split(/^diff --git .*\n/m).slice(1);
  return parseRaw(raw).map((file, index) => {
    const { additions, deletions } = counts[index] ?? { additions: 0, deletions: 0 };
    const hunks = patches[index] ?? '';
    const start = hunks.search(/^@@ /m);
    return { ...file, additions, deletions, patch: start < 0 ? null : hunks.slice(start).replace(/\n$/, '') };
  });
}

export async function diffText(dir: string, base: string | null, head: string): Promise<string> {
  return git(dir, ['diff', '-M', base ?? EMPTY_TREE, head]);
}

function parseRaw(text: string): ChangedFile[] {
  const fields = text.split('\0').filter(Boolean);
  const files: ChangedFile[] = [];
  while (fields.length > 0) {
    const [, , before = '', after = '', letter = 'M'] = (fields.shift() ?? '').split(' ');
    const first = fields.shift() ?? '';
    const moved = letter.startsWith('R') ? fields.shift() : undefined;
    files.push({
      path: moved ?? first,
      previousPath: moved === undefined ? null : first,
      status: STATUS[letter[0] ?? 'M'] ?? 'modified',
      oid: letter === 'D' ? before : after,
    });
  }
  return files;
}

function parseNumstat(text: string): { additions: number; deletions: number }[] {
  const fields = text.split('\0').filter(Boolean);
  const counts: { additions: number; deletions: number }[] = [];
  while (fields.length > 0) {
    const [additions = '-', deletions = '-', path = ''] = (fields.shift() ?? '').split('\t');
    // A rename has an empty path, and its two names follow as fields of their own.
    if (path === '') fields.splice(0, 2);
    counts.push({ additions: Number(additions) || 0, deletions: Number(deletions) || 0 });
  }
  return counts;
}
