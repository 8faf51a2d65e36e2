import { diff3Merge } from 'node-diff3';

/** A place that people and the new version both changed. Theirs is kept. */
export interface TextConflict {
  /** Lines as people have them. */
  present: readonly string[];
  /** Lines as the last run wrote them. */
  base: readonly string[];
  /** Lines as this version would have them. */
  wanted: readonly string[];
}

/** Line by line, three ways: what only one side changed is taken; where both did, `present` stays and is told. */
export function mergeText(options: { base: string; present: string; wanted: string }): {
  text: string;
  conflicts: TextConflict[];
} {
  const { base, present, wanted } = options;
  const lines: string[] = [];
  const conflicts: TextConflict[] = [];
  const regions = diff3Merge(present.split('\n'), base.split('\n'), wanted.split('\n'), {
    excludeFalseConflicts: true,
  });
  for (const { ok, conflict } of regions) {
    if (ok) lines.push(...ok);
    if (!conflict) continue;
    lines.push(...conflict.a);
    conflicts.push({ present: conflict.a, base: conflict.o, wanted: conflict.b });
  }
  return { text: lines.join('\n'), conflicts };
}
