import { isDeepStrictEqual } from 'node:util';
import {
  applyEdits,
  type EditResult,
  type FormattingOptions,
  findNodeAtLocation,
  modify,
  type Node,
  parse,
  parseTree,
  stripComments,
} from 'jsonc-parser';
import { findJsonProblem } from '../../config/find-json-problem.ts';
import { type EditOutcome, isRecord, withEntry } from './edit-outcome.ts';

/**
 * Sets one entry of a JSON file and leaves everything else as it is: order, indents, line ends, comments.
 * @param options.value undefined takes the entry out
 */
export function editJson(options: {
  text: string;
  section: string;
  name: string;
  value: unknown;
  allowComments: boolean;
}): EditOutcome {
  const { text, section, name, value, allowComments } = options;
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const body = text.slice(mark.length).trim() === '' ? '{}\n' : text.slice(mark.length);
  const problem = findJsonProblem(body, { allowComments });
  if (problem !== undefined) return { ok: false, problem };
  const before: unknown = parse(body, [], { allowTrailingComma: true });
  if (!isRecord(before)) return { ok: false, problem: 'line 1: it is not an object' };
  if (before[section] !== undefined && !isRecord(before[section])) {
    return { ok: false, problem: `"${section}" is not an object` };
  }
  const after = applyEdits(body, planEdits(body, { section, name, value }));
  const wanted = withEntry(before, { section, name, value });
  // Keys that occur twice are read one way by us and another way by the client.
  const isAsWanted = isDeepStrictEqual(parse(after, [], { allowTrailingComma: true }), wanted);
  if (!isAsWanted || findJsonProblem(after, { allowComments }) !== undefined) {
    return { ok: false, problem: `"${section}" or "${name}" occurs twice` };
  }
  return { ok: true, text: mark + after };
}

/** The entry as it is, undefined where there is none. */
export function readJsonEntries(text: string, section: string): Record<string, unknown> {
  const value: unknown = parse(text.replace(/^\uFEFF/, ''), [], { allowTrailingComma: true });
  const entries = isRecord(value) ? value[section] : undefined;
  return isRecord(entries) ? entries : {};
}

function planEdits(
  text: string,
  { section, name, value }: { section: string; name: string; value: unknown },
): EditResult {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const table = root && findNodeAtLocation(root, [section]);
  const isKnown = root !== undefined && findNodeAtLocation(root, [section, name]) !== undefined;
  const host = isKnown || value === undefined ? undefined : (table ?? root);
  const added = table ? { [name]: value } : { [section]: { [name]: value } };
  const appended = host && planAppend(text, host, added);
  return appended ?? modify(text, [section, name], value, { formattingOptions: formattingOf(text) });
}

/**
 * A property after the last of an object that has its properties on lines of their own. `modify` would lay out anew
 * the one before it.
 */
function planAppend(text: string, host: Node, added: Record<string, unknown>): EditResult | undefined {
  const last = host.children?.at(-1);
  const end = host.offset + host.length - 1;
  const line = last && /(?:^|\n)([ \t]*)$/.exec(text.slice(0, last.offset));
  if (!last || !line || !text.slice(last.offset + last.length, end).includes('\n')) return undefined;
  const { eol, insertSpaces, tabSize } = formattingOf(text);
  const rest = text.slice(last.offset + last.length, end);
  const hasComma = stripComments(rest).includes(',');
  const lines = JSON.stringify(added, undefined, insertSpaces ? tabSize : '\t')
    .split('\n')
    .slice(1, -1);
  const own = /^[ \t]*/.exec(lines[0] ?? '')?.[0] ?? '';
  const property = lines.map((one) => `${eol}${line[1]}${one.slice(own.length)}`).join('');
  const comma = { offset: last.offset + last.length, length: 0, content: ',' };
  const at = last.offset + last.length + rest.trimEnd().length;
  return [...(hasComma ? [] : [comma]), { offset: at, length: 0, content: property + (hasComma ? ',' : '') }];
}

function formattingOf(text: string): Required<Pick<FormattingOptions, 'insertSpaces' | 'tabSize' | 'eol'>> {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
