import { invalidLine } from './dockerfile-errors.ts';

/** An instruction with its continuation lines joined. */
export interface LogicalLine {
  /** 1-based line on which it begins. */
  line: number;
  /** In capitals. */
  keyword: string;
  /** What follows the keyword, trimmed. */
  rest: string;
}

/**
 * Splits a Dockerfile into instructions: joins lines that end in a backslash, drops comments and, within a
 * continuation, empty lines.
 *
 * @throws UserError `dockerfile-invalid`
 */
export function readLogicalLines(text: string): LogicalLine[] {
  const logical: LogicalLine[] = [];
  let open: { line: number; text: string } | undefined;
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  lines.forEach((line, index) => {
    if (/^\s*#/.test(line)) {
      if (!open && /^#\s*escape\s*=\s*`/.test(line)) throw invalidLine(index + 1, 'escape=`', 'a backslash as escape');
      return;
    }
    if (line.trim() === '') return;
    const continues = /\\[ \t]*$/.test(line);
    const content = continues ? line.replace(/\\[ \t]*$/, '') : line;
    open = open ? { line: open.line, text: `${open.text}${content}` } : { line: index + 1, text: content };
    if (continues) return;
    logical.push(splitKeyword(open));
    open = undefined;
  });
  if (open) logical.push(splitKeyword(open));
  return logical;
}

function splitKeyword({ line, text }: { line: number; text: string }): LogicalLine {
  const match = /^\s*(\S+)\s*(.*?)\s*$/s.exec(text);
  return { line, keyword: (match?.[1] ?? '').toUpperCase(), rest: match?.[2] ?? '' };
}
