import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { diffOverlay, type OverlayChange } from '../overlay-diff.ts';
import type { Files } from './render-scaffold.ts';
import { SCAFFOLD_RECORD } from './scaffold-record.ts';

/** Files that change, with a unified diff of each; the record is left out, since it only repeats them. */
export function diffScaffold(before: Files, after: Files): (OverlayChange & { patch: string })[] {
  return diffOverlay(before, after)
    .filter(({ path }) => path !== SCAFFOLD_RECORD)
    .map(({ path, kind }) => ({ path, kind, patch: patchOf(path, kind, before[path] ?? '', after[path] ?? '') }));
}

function patchOf(path: string, kind: OverlayChange['kind'], before: string, after: string): string {
  const from = kind === 'added' ? '/dev/null' : `a/${path}`;
  const to = kind === 'removed' ? '/dev/null' : `b/${path}`;
  return createTwoFilesPatch(from, to, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}
