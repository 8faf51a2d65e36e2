import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import { UserError } from '../../src/domain/user-error.ts';

/** Values as in YAML and JSON. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

export interface ExpressionScope {
  /** `github`, `inputs`, `env`, `steps` … */
  contexts: Readonly<Record<string, Value>>;
  /** What success(), failure(), cancelled() and always() go by. */
  status?: 'success' | 'failure' | 'cancelled';
}

const STATUS_FUNCTIONS = ['success', 'failure', 'cancelled', 'always'] as const;

/**
 * Replaces every `${{ … }}`. A text that is one expression as a whole gives the expression's own type.
 *
 * @throws UserError `workflow-expression`
 */
export function evaluateTemplate(text: string, scope: ExpressionScope): Value {
  const parts = splitTemplate(text);
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'expression') return toValue(evaluate(only.source, scope));
  return parts
    .map((part) => (part.kind === 'text' ? part.source : evaluate(part.source, scope).coerceString()))
    .join('');
}

/** The same as text, as in `env:`, `with:` and `run:`. */
export function evaluateText(text: string, scope: ExpressionScope): string {
  return splitTemplate(text)
    .map((part) => (part.kind === 'text' ? part.source : evaluate(part.source, scope).coerceString()))
    .join('');
}

/** An `if:`; without one of the status functions it also asks for success(), as on GitHub. */
export function evaluateCondition(condition: string | undefined, scope: ExpressionScope): boolean {
  const source = (condition ?? 'success()').trim().replace(/^\$\{\{(.*)\}\}$/s, '$1');
  const asksStatus = new RegExp(`\\b(?:${STATUS_FUNCTIONS.join('|')})\\s*\\(`).test(source);
  return isTruthy(evaluate(asksStatus ? source : `success() && (${source})`, scope));
}

type Part = { kind: 'text' | 'expression'; source: string };

function splitTemplate(text: string): Part[] {
  const parts: Part[] = [];
  let index = 0;
  while (index < text.length) {
    const start = text.indexOf('${{', index);
    if (start < 0) break;
    const end = findEnd(text, start + 3);
    if (end < 0) throw expressionError(text, 'it has no "}}"');
    if (start > index) parts.push({ kind: 'text', source: text.slice(index, start) });
    parts.push({ kind: 'expression', source: text.slice(start + 3, end) });
    index = end + 2;
  }
  if (index < text.length || parts.length === 0) parts.push({ kind: 'text', source: text.slice(index) });
  return parts;
}

/** The first `}}` outside of a string in single quotes. */
function findEnd(text: string, from: number): number {
  let quoted = false;
  for (let index = from; index < text.length; index++) {
    if (text[index] === "'") quoted = !quoted;
    else if (!quoted && text.startsWith('}}', index)) return index;
  }
  return -1;
}

function evaluate(source: string, scope: ExpressionScope): data.ExpressionData {
  const functions = statusFunctions(scope.status ?? 'success');
  try {
    const { tokens } = new Lexer(source).lex();
    const expression = new Parser(tokens, Object.keys(scope.contexts), [...functions.values()]).parse();
    return new Evaluator(expression, toDictionary(scope.contexts), functions).evaluate();
  } catch (error) {
    throw expressionError(source.trim(), error instanceof Error ? error.message : String(error));
  }
}

function statusFunctions(status: 'success' | 'failure' | 'cancelled'): Map<string, FunctionDefinition> {
  const answers = {
    success: status === 'success',
    failure: status === 'failure',
    cancelled: status === 'cancelled',
    always: true,
  };
  return new Map(
    STATUS_FUNCTIONS.map((name) => [
      name,
      { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(answers[name]) },
    ]),
  );
}

function toDictionary(values: Readonly<Record<string, Value>>): data.Dictionary {
  return new data.Dictionary(...Object.entries(values).map(([key, value]) => ({ key, value: toData(value) })));
}

function toData(value: Value): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  return toDictionary(value);
}

function toValue(result: data.ExpressionData): Value {
  if (result instanceof data.StringData || result instanceof data.NumberData || result instanceof data.BooleanData) {
    return result.value;
  }
  if (result instanceof data.Array) return result.values().map(toValue);
  if (result instanceof data.Dictionary) {
    return Object.fromEntries(result.pairs().map(({ key, value }) => [key, toValue(value)]));
  }
  return null;
}

function isTruthy(result: data.ExpressionData): boolean {
  const value = toValue(result);
  return value !== null && value !== false && value !== '' && value !== 0 && !Number.isNaN(value);
}

/** Characters of an expression that a message shows. */
const SHOWN_CHARACTERS_MAX = 200;

function expressionError(source: string, reason: string): UserError {
  return new UserError(
    'workflow-expression',
    `Cannot evaluate "${source.slice(0, SHOWN_CHARACTERS_MAX)}": ${reason}, expected an expression of GitHub Actions`,
    'Mend the expression in the workflow file.',
  );
}
