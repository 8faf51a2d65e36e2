import type { ToolSummary } from '../../domain/hosted-server.ts';

/** Tools of one server that are stored. */
const TOOLS_MAX = 200;

/** A tool's name (characters; the protocol's own limit is 128). */
const NAME_CHARACTERS_MAX = 128;

/** A tool's description (characters): a line in a table, not documentation. */
const DESCRIPTION_CHARACTERS_MAX = 500;

/** A stranger's list of tools, bounded and without control characters; tools without a usable name are left out. */
export function summarizeTools(tools: readonly { name: string; description?: string | undefined }[]): ToolSummary[] {
  const summaries: ToolSummary[] = [];
  for (const tool of tools.slice(0, TOOLS_MAX)) {
    const name = clean(tool.name, NAME_CHARACTERS_MAX);
    if (name === '') continue;
    const description = clean(tool.description ?? '', DESCRIPTION_CHARACTERS_MAX);
    summaries.push(description === '' ? { name } : { name, description });
  }
  return summaries;
}

/** PostgreSQL takes no NUL in text, and half a surrogate pair is no valid UTF-8. */
function clean(text: string, charactersMax: number): string {
  const plain = text
    .toWellFormed()
    .replace(/(?!\n)\p{Cc}/gu, ' ')
    .trim();
  return plain.length > charactersMax ? `${plain.slice(0, charactersMax - 1).toWellFormed()}…` : plain;
}
