import { STORED_TOOLS_MAX, type ToolSummary } from '../hosted-server.ts';

/** The tools of a server as far as they are stored, and how many it named, where that is known. */
export interface KnownTools {
  tools: readonly ToolSummary[];
  toolCount?: number;
}

/** `4`, or `200 or more` where the list may have been cut and nobody counted. */
export function toolNumber({ tools, toolCount }: KnownTools): string {
  if (toolCount !== undefined) return String(toolCount);
  return tools.length < STORED_TOOLS_MAX ? String(tools.length) : `${STORED_TOOLS_MAX} or more`;
}

/** `1 tool`, `4 tools`, `200 or more tools`. */
export function countTools(known: KnownTools): string {
  const number = toolNumber(known);
  return `${number} ${number === '1' ? 'tool' : 'tools'}`;
}
