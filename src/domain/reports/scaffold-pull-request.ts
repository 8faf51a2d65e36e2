import { conflictLines, conflictSummary } from '../scaffold/describe-conflict.ts';
import type { ScaffoldConflict } from '../scaffold/plan-scaffold.ts';
import { codeBlock, escapeMarkdown } from './escape-markdown.ts';

/** Conflicts shown with their lines; the files of the rest are named. */
const CONFLICTS_SHOWN_MAX = 20;

/** The pull request that brings the scaffold to a deployments repository, or to a newer version there. */
export function renderScaffoldPullRequest(options: {
  version: string;
  /** Of the last run; undefined for the first one. */
  from: string | undefined;
  conflicts: readonly ScaffoldConflict[];
}): { title: string; body: string; commitMessage: string } {
  const { version, from, conflicts } = options;
  const title = from === undefined ? 'Set up the deployments repository' : 'Bring the scaffold up to date';
  const opening =
    from === undefined
      ? 'What Argo CD and the cluster need for hosted MCP servers: namespace and limits, Argo CD projects, routes, monitoring, and the workflows. `README.md` says what is where, and what to apply once.'
      : `The scaffold as mcp-hosting ${escapeMarkdown(version, 50)} has it; it was written by ${escapeMarkdown(from, 50)} before. What you changed since is kept.`;
  const parts = [opening, ...conflictParts(conflicts)];
  return {
    title,
    body: `${parts.join('\n\n')}\n`,
    commitMessage: [title, '', `Written by mcp-hosting ${version}.`, ...conflicts.map(conflictSummary)].join('\n'),
  };
}

function conflictParts(conflicts: readonly ScaffoldConflict[]): string[] {
  if (conflicts.length === 0) return [];
  const shown = conflicts
    .slice(0, CONFLICTS_SHOWN_MAX)
    .flatMap((conflict) => [
      `- ${escapeMarkdown(conflictSummary(conflict), 300)}`,
      ...(conflict.lines.length > 0 ? [codeBlock(conflictLines(conflict))] : []),
    ]);
  const rest = conflicts
    .slice(CONFLICTS_SHOWN_MAX)
    .map((conflict) => `- ${escapeMarkdown(conflictSummary(conflict), 300)}`);
  return [
    `**${conflicts.length} ${conflicts.length === 1 ? 'conflict' : 'conflicts'}.** These stay as they are, and the next run does not ask again: decide here, on this branch, which lines you want.`,
    [...shown, ...rest].join('\n\n'),
  ];
}
