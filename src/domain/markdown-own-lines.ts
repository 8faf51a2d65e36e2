/**
 * The lines of a GitHub comment that are its author's own plain text: not quoted, not code, not hidden.
 *
 * A line scan after CommonMark's block structure (spec 0.31, sections 3 to 5): enough of it to never take code for
 * text, in one pass and in linear time. Where rendering and safety disagree (an unterminated fence or HTML comment),
 * the rest of the text counts as hidden.
 */
export function markdownOwnLines(text: string): string[] {
  const scan: Scan = { block: { kind: 'text' }, listOffsets: [], paragraph: [], kept: [] };
  for (const line of text.split(/\r\n|\n|\r/)) readLine(scan, line);
  endParagraph(scan);
  return scan.kept;
}

/** What is open at a line. */
interface Scan {
  block: OpenBlock;
  /** Columns at which the content of the open list items begins, outermost first. */
  listOffsets: number[];
  /** Lines of text that may share a code span. */
  paragraph: string[];
  kept: string[];
}

function readLine(scan: Scan, line: string): void {
  const blank = /^[ \t]*$/.test(line);
  if (scan.block.kind === 'html') {
    if (scan.block.end.test(line)) scan.block = { kind: 'text' };
    return;
  }
  const indent = indentOf(line);
  if (!blank) scan.listOffsets = scan.listOffsets.filter((offset) => offset <= indent);
  if (scan.block.kind === 'fence') {
    const inside = blank || indent >= scan.block.container;
    if (!inside || closesFence(line, scan.block)) scan.block = { kind: 'text' };
    if (inside) return;
  }
  if (blank) endParagraph(scan);
  else readText(scan, line);
}

function readText(scan: Scan, line: string): void {
  const item = listItemOf(line, scan.listOffsets.at(-1) ?? 0);
  scan.listOffsets.push(...item.offsets);
  const opened = openedBlock(item.content, scan.listOffsets.at(-1) ?? 0, item.contentIndent);
  const quoted = /^ {0,3}>/.test(line) || item.content.startsWith('>');
  const heading = /^ {0,3}#{1,6}(?:[ \t]|$)/.test(line);
  if (opened || quoted || heading || item.offsets.length > 0) endParagraph(scan);
  if (opened) scan.block = opened;
  else if (!quoted) scan.paragraph.push(line);
}

function endParagraph(scan: Scan): void {
  scan.kept.push(...outsideInlineCode(scan.paragraph));
  scan.paragraph = [];
}

type OpenBlock =
  | { kind: 'text' }
  /** `container`: the column at which the list item that holds the fence begins; text left of it ends both. */
  | { kind: 'fence'; mark: string; length: number; container: number }
  | { kind: 'html'; end: RegExp };

/** Columns of white space before the text; a tab goes to the next multiple of four. */
function indentOf(line: string): number {
  let column = 0;
  for (const character of line) {
    if (character === ' ') column += 1;
    else if (character === '\t') column += 4 - (column % 4);
    else break;
  }
  return column;
}

/** Takes list markers (`- `, `1. `, nested ones on one line too) off the line, and says where each item's content begins. */
function listItemOf(line: string, base: number): { content: string; contentIndent: number; offsets: number[] } {
  const offsets: number[] = [];
  let content = line.replace(/^[ \t]+/, '');
  let column = indentOf(line);
  if (column - base > INDENT_OF_TEXT_MAX) return { content, contentIndent: column, offsets };
  for (let depth = 0; depth < LIST_DEPTH_MAX; depth++) {
    const marker = /^(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$)/.exec(content);
    if (!marker) break;
    const mark = marker[0].trimEnd();
    const rest = content.slice(mark.length);
    const spaces = indentOf(rest);
    const text = rest.replace(/^[ \t]+/, '');
    const padding = text === '' || spaces > 4 ? 1 : spaces;
    offsets.push(column + mark.length + padding);
    column += mark.length + spaces;
    content = text;
    if (spaces > 4) break;
  }
  return { content, contentIndent: column, offsets };
}

function openedBlock(content: string, container: number, contentIndent: number): OpenBlock | undefined {
  if (contentIndent - container > INDENT_OF_TEXT_MAX) return undefined;
  const fence = /^(?:(`{3,})[^`]*|(~{3,}).*)$/.exec(content);
  const marks = fence?.[1] ?? fence?.[2];
  if (marks) return { kind: 'fence', mark: marks.charAt(0), length: marks.length, container };
  const html = HTML_BLOCKS.find(({ start }) => start.test(content));
  if (!html) return undefined;
  const start = html.start.exec(content)?.[0].length ?? 0;
  // The end may stand on the line of the start: then nothing stays open, and the line itself is hidden anyway.
  return html.end.test(content.slice(html.overlaps ? 2 : start)) ? { kind: 'text' } : { kind: 'html', end: html.end };
}

function closesFence(line: string, fence: { mark: string; length: number; container: number }): boolean {
  if (indentOf(line) - fence.container > INDENT_OF_TEXT_MAX) return false;
  const text = line.trim();
  return text.length >= fence.length && text === fence.mark.repeat(text.length);
}

/** Leaves out the lines that begin inside a code span or an inline HTML comment that spans lines. */
function outsideInlineCode(paragraph: string[]): string[] {
  const text = paragraph.join('\n');
  if (!text.includes('`') && !text.includes('<!--')) return paragraph;
  const hidden = inlineHiddenRanges(text);
  let offset = 0;
  let next = 0;
  return paragraph.filter((line) => {
    const start = offset;
    offset += line.length + 1;
    while (next < hidden.length && (hidden[next]?.end ?? 0) <= start) next++;
    const range = hidden[next];
    return !(range && range.start < start);
  });
}

/** Code spans and HTML comments of a paragraph, in order, not overlapping (CommonMark 6.1 and 6.6). */
function inlineHiddenRanges(text: string): { start: number; end: number }[] {
  const runs = [...text.matchAll(/`+/g)].map((match) => ({ at: match.index, length: match[0].length }));
  const runsByLength = Map.groupBy(runs, (run) => run.length);
  const ranges: { start: number; end: number }[] = [];
  let at = 0;
  for (const match of text.matchAll(/`+|<!--/g)) {
    if (match.index < at) continue;
    const end =
      match[0] === '<!--'
        ? commentEnd(text, match.index)
        : codeSpanEnd(text, match.index, match[0].length, runsByLength);
    if (end === undefined) continue;
    ranges.push({ start: match.index, end });
    at = end;
  }
  return ranges;
}

function commentEnd(text: string, start: number): number | undefined {
  const end = text.indexOf('-->', start + 2);
  return end < 0 ? undefined : end + 3;
}

function codeSpanEnd(
  text: string,
  start: number,
  length: number,
  runsByLength: Map<number, { at: number; length: number }[]>,
): number | undefined {
  const candidates = runsByLength.get(isEscaped(text, start) ? length - 1 : length);
  if (!candidates) return undefined;
  while (candidates[0] && candidates[0].at <= start) candidates.shift();
  const closing = candidates[0];
  return closing ? closing.at + closing.length : undefined;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charAt(at - 1 - backslashes) === '\\') backslashes++;
  return backslashes % 2 === 1;
}

/** Columns: four or more make indented code (CommonMark 4.4). */
const INDENT_OF_TEXT_MAX = 3;
/** Markers read on one line; deeper nesting only hides more. */
const LIST_DEPTH_MAX = 20;

/** HTML whose content is not the author's text: `overlaps` because `<!-->` is a whole comment. */
const HTML_BLOCKS = [
  { start: /^<!--/, end: /-->/, overlaps: true },
  ...['pre', 'script', 'style', 'textarea', 'code', 'blockquote'].map((tag) => ({
    start: new RegExp(`^<${tag}(?=[\\s>]|$)`, 'i'),
    end: new RegExp(`</${tag}>`, 'i'),
    overlaps: false,
  })),
];
