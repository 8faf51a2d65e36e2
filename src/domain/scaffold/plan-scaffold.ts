import { mergeText, type TextConflict } from './merge-text.ts';
import type { Files } from './render-scaffold.ts';

/** What people changed and this version changes too, in one file. People's stays as it is. */
export interface ScaffoldConflict {
  path: string;
  reason: /** Some lines, each told by itself. */
    | 'lines'
    /** It was there before the first run, with another content. */
    | 'not-ours'
    /** People removed it. */
    | 'removed'
    /** People changed it, and this version has it no more. */
    | 'obsolete';
  lines: readonly TextConflict[];
}

export interface ScaffoldPlan {
  /** Every file that is to be there after the run; a path of `present` that is not among them goes. */
  files: Files;
  conflicts: readonly ScaffoldConflict[];
}

type Outcome = { text?: string; conflict?: ScaffoldConflict };

/**
 * Three-way merge of a whole scaffold.
 * @param options.base what the last run wrote; undefined before the first one
 * @param options.present what is there now, of the paths of `base` and `wanted`
 * @param options.wanted what this version renders
 */
export function planScaffold(options: { base: Files | undefined; present: Files; wanted: Files }): ScaffoldPlan {
  const { base = {}, present, wanted } = options;
  const files: Record<string, string> = {};
  const conflicts: ScaffoldConflict[] = [];
  for (const path of [...new Set([...Object.keys(base), ...Object.keys(wanted)])].sort()) {
    const ofPeople = own(present, path);
    const sides = {
      base: withEndsOf(ofPeople, own(base, path)),
      present: ofPeople,
      wanted: withEndsOf(ofPeople, own(wanted, path)),
    };
    const { text, conflict } = mergeFile(path, sides);
    if (text !== undefined) files[path] = text;
    if (conflict) conflicts.push(conflict);
  }
  return { files, conflicts };
}

/** Git on Windows ends each line of a checkout with CR LF: no change of people's, and a file stays as it is there. */
function withEndsOf(present: string | undefined, text: string | undefined): string | undefined {
  return present?.includes('\r\n') ? text?.replaceAll(/\r?\n/g, '\r\n') : text;
}

interface Sides {
  base: string | undefined;
  present: string | undefined;
  wanted: string | undefined;
}

function mergeFile(path: string, { base, present, wanted }: Sides): Outcome {
  if (present === wanted || wanted === base) return kept(present);
  if (present === base) return kept(wanted);
  // From here on, people and this version both differ from what was written last, and from each other.
  if (present === undefined) return { conflict: conflictOf(path, 'removed') };
  if (wanted === undefined) return { text: present, conflict: conflictOf(path, 'obsolete') };
  if (base === undefined) {
    return isFirstReadme(path, present) ? kept(wanted) : { text: present, conflict: conflictOf(path, 'not-ours') };
  }
  const merged = mergeText({ base, present, wanted });
  if (merged.conflicts.length === 0) return kept(merged.text);
  return { text: merged.text, conflict: { path, reason: 'lines', lines: merged.conflicts } };
}

/** What GitHub puts into a new repository: its name, and a line that describes it. */
function isFirstReadme(path: string, text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return path === 'README.md' && lines.length <= 2 && (lines[0] ?? '# ').startsWith('# ');
}

function conflictOf(path: string, reason: ScaffoldConflict['reason']): ScaffoldConflict {
  return { path, reason, lines: [] };
}

function kept(text: string | undefined): Outcome {
  return text === undefined ? {} : { text };
}

function own(files: Files, path: string): string | undefined {
  return Object.hasOwn(files, path) ? files[path] : undefined;
}
