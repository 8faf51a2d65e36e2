/**
 * Text from strangers (tool names, log lines, branch names, messages) on its way into GitHub Flavored Markdown. Whatever
 * comes in, what goes out stays one piece of text: it cannot end a table cell, a fold, a code span or an HTML comment,
 * link or load anything, mention anyone, or refer to an issue (which would post a back-reference there).
 */

/** A name or a sentence in a table cell or a heading: longer ones are cut, so that a row stays readable. */
const TEXT_CHARS_MAX = 300;

/** GitHub turns `@name`, `#1`, `GH-1` and web addresses into links after parsing, so a backslash does not stop it. */
const ZERO_WIDTH_SPACE = '&#8203;';

/** Controls, bidirectional overrides, zero-width and other unseen characters: they hide or reorder what people read. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** One line of visible text of at most `charsMax` characters; a cut is shown by `…`. */
export function plainLine(text: string, charsMax = TEXT_CHARS_MAX): string {
  const scanned = text.slice(0, charsMax * 4);
  const line = scanned
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(/[\s\u0085]+/gu, ' ')
    .replace(INVISIBLE, '')
    .trim();
  const characters = [...line];
  return characters.length > charsMax ? `${characters.slice(0, charsMax - 1).join('')}…` : line;
}

/** Text that shows as it is, on one line, anywhere in a paragraph, a heading or a table cell. */
export function escapeMarkdown(text: string, charsMax = TEXT_CHARS_MAX): string {
  return escapeLine(plainLine(text, charsMax));
}

/**
 * Like `escapeMarkdown`, but a pair of backticks makes a code span, as our own messages use them. What stands between
 * them is as safe as any code span; a backtick without a partner is shown as it is.
 */
export function escapeProse(text: string, charsMax = TEXT_CHARS_MAX): string {
  const parts = plainLine(text, charsMax).split('`');
  const unpaired = parts.length % 2 === 0;
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return escapeLine(part);
      if (unpaired && index === parts.length - 1) return `\\\`${escapeLine(part)}`;
      return part.trim() === '' ? '' : codeSpan(part);
    })
    .join('');
}

/** A code span. `|` is shown as `¦`: in a table no escape of it inside code works in every version of the parser. */
export function codeSpan(text: string, charsMax = TEXT_CHARS_MAX): string {
  const line = plainLine(text, charsMax).replaceAll('|', '¦');
  if (line === '') return '`(empty)`';
  const fence = '`'.repeat(longestRun(line, '`') + 1);
  const padding = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${padding}${line}${padding}${fence}`;
}

export interface CodeBlockOptions {
  /** The language after the opening fence: ours, never a stranger's. */
  info?: string;
  lineCharsMax?: number;
  /** Bound of the whole block: lines that do not fit are replaced by one line, `cutNotice`. */
  charsMax?: number;
  cutNotice?: string;
}

/** A fenced code block of whole lines, each shown as it is. */
export function codeBlock(lines: readonly string[], options: CodeBlockOptions = {}): string {
  const { info = '', lineCharsMax = TEXT_CHARS_MAX, charsMax = Number.POSITIVE_INFINITY, cutNotice = '…' } = options;
  const shown = lines.map((line) => visibleLine(line, lineCharsMax));
  const fence = '`'.repeat(shown.reduce((longest, line) => Math.max(longest, longestRun(line, '`') + 1), 3));
  const room = charsMax - 2 * fence.length - info.length - 2;
  return [`${fence}${info}`, ...fitLines(shown, room, cutNotice), fence].join('\n');
}

/** A link to a web address; what is not http or https is shown as text alone. `markdown` is escaped already. */
export function link(markdown: string, address: string): string {
  const url = webAddress(address);
  return url ? `[${markdown}](${url})` : markdown;
}

/** A mention of a GitHub login; anything else than a login is shown as text that mentions nobody. */
export function mention(login: string): string {
  return /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/.test(login) ? `@${login}` : escapeMarkdown(login, 60);
}

/** @returns undefined for anything but an http or https address; characters that end a Markdown link are encoded. */
export function webAddress(address: string): string | undefined {
  if (address.length > 2_000 || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  return url.href.replace(/[()<>[\]|`\\*_~"']/g, percentEncode);
}

function escapeLine(line: string): string {
  return line
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]~$]/g, '\\$&')
    .replaceAll('|', '&#124;')
    .replace(/@/g, `@${ZERO_WIDTH_SPACE}`)
    .replace(/(?<!&)#/g, `#${ZERO_WIDTH_SPACE}`)
    .replace(/gh-(?=\d)/gi, `$&${ZERO_WIDTH_SPACE}`)
    .replace(/:(?=\/|$)/g, `:${ZERO_WIDTH_SPACE}`)
    .replace(/(?:www|mailto|xmpp)(?=[.:])/gi, `$&${ZERO_WIDTH_SPACE}`)
    .replace(/^(?=[#+=-])/, '\\')
    .replace(/^(\d{1,9})(?=[.)])/, '$1\\');
}

/** Keeps leading spaces and tabs, which carry meaning in logs and diffs. */
function visibleLine(line: string, charsMax: number): string {
  const characters = [
    ...line
      .slice(0, charsMax * 4)
      .replace(LONE_SURROGATE, '\ufffd')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours start with the escape character
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      .replaceAll('\t', '  ')
      .replace(INVISIBLE, '')
      .trimEnd(),
  ];
  return characters.length > charsMax ? `${characters.slice(0, charsMax - 1).join('')}…` : characters.join('');
}

/** As many of the first lines as fit in `charsMax` with their line ends, the notice included. */
function fitLines(lines: readonly string[], charsMax: number, cutNotice: string): readonly string[] {
  let chars = 0;
  let fitting = 0;
  for (const [index, line] of lines.entries()) {
    chars += line.length + 1;
    if (chars + cutNotice.length + 1 <= charsMax) fitting = index + 1;
    if (chars > charsMax) return [...lines.slice(0, fitting), cutNotice];
  }
  return lines;
}

function longestRun(text: string, character: string): number {
  let longest = 0;
  let run = 0;
  for (const next of text) {
    run = next === character ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
