import { planScaffold, type ScaffoldConflict } from './plan-scaffold.ts';
import { type Files, renderScaffold } from './render-scaffold.ts';
import type { GivenScaffoldOptions, ScaffoldOptions } from './scaffold-options.ts';
import { SCAFFOLD_RECORD, type ScaffoldRecord, writeScaffoldRecord } from './scaffold-record.ts';

export interface ScaffoldProposal {
  /** As they should be, the record among them. */
  files: Files;
  conflicts: readonly ScaffoldConflict[];
}

/** The paths whose present content `proposeScaffold` needs. */
export function scaffoldPaths(options: {
  templates: Files;
  options: ScaffoldOptions;
  record: ScaffoldRecord | undefined;
}): string[] {
  const wanted = renderScaffold(options.templates, options.options);
  const paths = [...Object.keys(wanted), ...Object.keys(options.record?.files ?? {}), SCAFFOLD_RECORD];
  return [...new Set(paths)].sort();
}

/** What the scaffold's files should become, where they are `present` and the last run wrote `record`. */
export function proposeScaffold(options: {
  templates: Files;
  options: ScaffoldOptions;
  /** What `options` were completed from. */
  given: GivenScaffoldOptions;
  version: string;
  record: ScaffoldRecord | undefined;
  present: Files;
}): ScaffoldProposal {
  const { version, given, record, present } = options;
  const wanted = renderScaffold(options.templates, options.options);
  const plan = planScaffold({ base: record?.files, present, wanted });
  const write = (by: string) => writeScaffoldRecord({ version: by, options: given, files: wanted });
  // A version that changes nothing else is nothing to propose.
  const isSame = record !== undefined && write(record.version) === present[SCAFFOLD_RECORD];
  const written = write(isSame ? record.version : version);
  return { files: { ...plan.files, [SCAFFOLD_RECORD]: written }, conflicts: plan.conflicts };
}
