import { STORED_TOOLS_MAX, type ToolSummary } from '../../domain/hosted-server.ts';

/** A tool's name (characters; the protocol's own limit is 128). */
const NAME_CHARACTERS_MAX = 128;

/** A tool's description (characters): a line in a table, not documentation. */
const DESCRIPTION_CHARACTERS_MAX = 500;

/**
 * A stranger's list of tools, bounded and without control characters; tools without a usable name are left out.
 * `toolCount` counts the others, those too that the bound cuts off.
 */
export function summarizeTools(tools: readonly { name: string; description?: string | undefined }[]): {
  tools: ToolSummary[];
  toolCount: number;
} {
  const usable = tools.flatMap(({ name, description = '' }) => {
    const cleanName = clean(name, NAME_CHARACTERS_MAX);
    return cleanName === '' ? [] : [{ name: cleanName, description }];
  });
  return { tools: usable.slice(0, STORED_TOOLS_MAX).map(summarize), toolCount: usable.length };
}

function summarize(tool: { name: string; description: string }): ToolSummary {
  const description = clean(tool.description, DESCRIPTION_CHARACTERS_MAX);
  return description === '' ? { name: tool.name } : { name: tool.name, description };
}

/** PostgreSQL takes no NUL in text, and half a surrogate pair is no valid UTF-8. */
function clean(text: string, charactersMax: number): string {
  const plain = text
    .toWellFormed()
    .replace(/(?!\n)\p{Cc}/gu, ' ')
    .trim();
  return plain.length > charactersMax ? `${plain.slice(0, charactersMax - 1).toWellFormed()}…` : plain;
}
