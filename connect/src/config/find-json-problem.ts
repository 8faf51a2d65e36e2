import { createScanner, type ParseError, parse, printParseErrorCode } from 'jsonc-parser';

/** Objects and lists in each other: the parser calls itself for each, and no client's file has more than ten. */
const DEPTH_MAX = 200;

/**
 * What is wrong with a JSON text, with the place a person finds it at.
 * @param options.allowComments comments and commas after the last entry are fine, as in VS Code's files
 * @returns undefined where nothing is wrong; an empty text is
 */
export function findJsonProblem(text: string, { allowComments }: { allowComments: boolean }): string | undefined {
  const deepAt = findTooDeep(text);
  if (deepAt !== undefined) return `line ${lineOf(text, deepAt)}: nested more than ${DEPTH_MAX} deep`;
  const errors: ParseError[] = [];
  parse(text, errors, { allowTrailingComma: allowComments, disallowComments: !allowComments });
  const first = errors[0];
  return first && `line ${lineOf(text, first.offset)}: ${explain(printParseErrorCode(first.error))}`;
}

function findTooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const sign = scanner.getTokenLength() === 1 ? text[scanner.getTokenOffset()] : undefined;
    if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') depth--;
    if (depth > DEPTH_MAX) return scanner.getTokenOffset();
  }
  return undefined;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** `CommaExpected` → `comma expected` */
function explain(code: string): string {
  return code.replace(/(?<!^)[A-Z]/g, ' $&').toLowerCase();
}
