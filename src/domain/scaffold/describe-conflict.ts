import type { TextConflict } from './merge-text.ts';
import type { ScaffoldConflict } from './plan-scaffold.ts';

const REASONS: Readonly<Record<ScaffoldConflict['reason'], string>> = {
  lines: 'you changed lines that this version changes too',
  'not-ours': 'it was there before, with another content',
  removed: 'you removed it, and this version changes it',
  obsolete: 'you changed it, and this version needs it no more',
};

/** `base/namespace.yaml: kept as it is; …` */
export function conflictSummary({ path, reason }: ScaffoldConflict): string {
  return `${path}: kept as it is; ${REASONS[reason]}`;
}

/** Each place with its three versions, as git shows them. Lines are people's own text. */
export function conflictLines({ lines }: ScaffoldConflict): string[] {
  return lines.flatMap((conflict: TextConflict) => [
    '<<<<<<< as it is, and stays',
    ...conflict.present,
    '||||||| as bootstrap wrote it last',
    ...conflict.base,
    '=======',
    ...conflict.wanted,
    '>>>>>>> as this version has it',
  ]);
}
