import { isDeepStrictEqual } from 'node:util';
import { applyEdits, type FormattingOptions, modify, parse } from 'jsonc-parser';
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
  const edits = modify(body, [section, name], value, { formattingOptions: formattingOf(body) });
  const after = applyEdits(body, edits);
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

function formattingOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
