/** A reply of the bot to one comment: refusals, help and problems begin with this marker (domain/reports/markers.ts). */
const REPLY_MARKER = /^<!-- mcp-hosting:reply=[^>]* -->\r?\n/;

/** What the bot answered instead of taking up a command, as plain text; undefined where it has not answered. */
export function refusalIn(comments: readonly string[]): string | undefined {
  const reply = comments.find((body) => REPLY_MARKER.test(body));
  return reply === undefined ? undefined : plainText(reply.replace(REPLY_MARKER, ''));
}

/** Undoes the escapes of domain/reports/escape-markdown.ts and drops emphasis. */
function plainText(markdown: string): string {
  return markdown
    .replaceAll('&#8203;', '')
    .replaceAll('**', '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#124;', '|')
    .replaceAll('&amp;', '&')
    .replace(/\\([\\`*_[\]~$#+=-])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}
