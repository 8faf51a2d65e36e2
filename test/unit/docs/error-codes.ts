/** An error code: words in lower case with hyphens. One alone (`unauthorized`) is a code where `code:` says so. */
const CODE = /(?<!=== )'([a-z][a-z0-9]*(?:-[a-z0-9]+)*)'/g;

/** What `new UserError(…)` and `new SetupError(…)` take as their first argument; the rest is text for people. */
const ERROR = /\bnew (?:UserError|SetupError)\(\s*([^,]+),/g;

/** What a kind of `UserError` gives to it as its code. */
const SUPER = /\bsuper\(\s*('[a-z0-9]+(?:-[a-z0-9]+)+'),/g;

/** `code: '…'` of problems and failures, alternatives and union types included. */
const PROPERTY = /\bcode: ([^,;\n{][^,;\n]*)/g;

/** The codes that errors of one source file are made with. Only literals count: a code is never put together. */
export function codesOfErrors(source: string): string[] {
  return [...source.matchAll(ERROR), ...source.matchAll(SUPER)].flatMap(([, argument = '']) => literals(argument));
}

/** The codes that plain objects of one source file carry. */
export function codesOfObjects(source: string): string[] {
  return [...source.matchAll(PROPERTY)].flatMap(([, value = '']) => literals(value));
}

/** First arguments of errors that hold no literal, so that nobody could look their code up. */
export function errorsWithoutCode(source: string): string[] {
  return [...source.matchAll(ERROR)].map(([, argument = '']) => argument).filter((text) => literals(text).length === 0);
}

function literals(text: string): string[] {
  return [...text.matchAll(CODE)].map(([, code = '']) => code);
}
