import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';

/**
 * What is wrong with a JSON text, with the place a person finds it at.
 * @param options.allowComments comments and commas after the last entry are fine, as in VS Code's files
 * @returns undefined where nothing is wrong; an empty text is
 */
export function findJsonProblem(text: string, { allowComments }: { allowComments: boolean }): string | undefined {
  const errors: ParseError[] = [];
  parse(text, errors, { allowTrailingComma: allowComments, disallowComments: !allowComments });
  const first = errors[0];
  return first && `line ${lineOf(text, first.offset)}: ${explain(printParseErrorCode(first.error))}`;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** `CommaExpected` → `comma expected` */
function explain(code: string): string {
  return code.replace(/(?<!^)[A-Z]/g, ' $&').toLowerCase();
}
