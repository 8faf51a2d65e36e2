import type { ErrorObject } from 'ajv';
import type { YamlPath } from './locate-in-yaml.ts';
import { nearestWord } from './nearest-word.ts';
import { quoteKey, type YamlMapping } from './read-yaml-mapping.ts';
import type { ConfigProblem } from './server-config.ts';

/**
 * Turns ajv's errors (made with `allErrors` and `verbose`) into problems for people, on the lines they stand, one for
 * each place. What was expected is the first sentence of the schema's `description`. A value is repeated only where it
 * is a short word or a number, since people paste secrets into the wrong file.
 */
export function schemaProblems(errors: readonly ErrorObject[], mapping: YamlMapping): ConfigProblem[] {
  const seen = new Set<string>();
  return errors.slice(0, SCHEMA_ERRORS_MAX).flatMap((error) => {
    const { path, part, message } = describe(error, mapping.value);
    const place = formatPath(path);
    if (seen.has(place)) return [];
    seen.add(place);
    return [{ path: place, message, ...mapping.locate(path, part) }];
  });
}

/** Errors worth placing on lines; a hostile file has thousands. */
const SCHEMA_ERRORS_MAX = 200;

/** `resources.limits.cpu`, `env[0]`. */
export function formatPath(path: YamlPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = quoteKey(step).slice(1, -1);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** What a value is, for a sentence: its text only where that cannot be a secret. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'it is empty';
  if (Array.isArray(value)) return value.length === 0 ? 'it is an empty list' : 'it is a list';
  if (typeof value === 'object') return 'it is a mapping';
  if (typeof value === 'boolean' || typeof value === 'number') return `it is ${value}`;
  if (value === '') return 'it is empty';
  return SHOWN_TEXT.test(String(value)) ? `it is "${value}"` : 'it is another text';
}

/** Words, addresses and quantities; API keys mix letters and digits. */
const SHOWN_TEXT = /^(?:[A-Za-z][A-Za-z -]{0,23}|[0-9a-f.:/]{1,49}|-?[0-9.]{1,16} ?[A-Za-z]{0,4})$/;

interface Description {
  path: YamlPath;
  part: 'key' | 'value';
  message: string;
}

function describe(error: ErrorObject, root: unknown): Description {
  const path = pathOf(error.instancePath, root);
  const at = formatPath(path);
  const expected = expectedBy(error);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      return { path: [...path, key], part: 'key', message: unknownKey(key, at, Object.keys(propertiesOf(error))) };
    }
    case 'required': {
      const missing = quoteKey(String(error.params.missingProperty));
      return { path, part: 'value', message: `Cannot use ${at}: the key ${missing} is missing, expected ${expected}` };
    }
    case 'dependencies': {
      const { property, missingProperty } = error.params;
      return {
        path: [...path, String(property)],
        part: 'value',
        message: `Cannot use ${formatPath([...path, String(property)])}: the key ${quoteKey(String(missingProperty))} is missing beside it, expected both`,
      };
    }
    case 'uniqueItems': {
      const item = [...path, Math.max(error.params.i, error.params.j)];
      const earlier = formatPath([...path, Math.min(error.params.i, error.params.j)]);
      return {
        path: item,
        part: 'value',
        message: `Cannot use ${formatPath(item)}: it is the same as ${earlier}, expected each once`,
      };
    }
    case 'not':
      return {
        path,
        part: 'value',
        message: `Cannot use ${at}: the name belongs to the wrapper, expected one that is not MCP_SERVER_ID and does not begin with MCP_WRAPPER_`,
      };
    case 'maxItems':
      return {
        path,
        part: 'value',
        message: `Cannot use ${at}: it has more than ${error.params.limit} entries, expected fewer`,
      };
    case 'maxLength':
      return {
        path,
        part: 'value',
        message: `Cannot use ${at}: it has more than ${error.params.limit} characters, expected ${expected}`,
      };
    default:
      return { path, part: 'value', message: `Cannot use ${at}: ${stateOf(error, path)}, expected ${expected}` };
  }
}

/** Names in `env` and words of `command` are where secrets get pasted: nothing of them is shown. */
function stateOf(error: ErrorObject, path: YamlPath): string {
  const secretive = path[0] === 'env' || path[0] === 'command';
  return secretive && typeof error.data === 'string' && error.data !== ''
    ? 'it is another text'
    : describeValue(error.data);
}

function unknownKey(key: string, at: string, known: string[]): string {
  const nearest = nearestWord(key, known);
  const where = at === '' ? '' : ` in ${at}`;
  const expected = nearest ? `"${nearest}"` : `one of ${known.map((name) => `"${name}"`).join(', ')}`;
  return `Cannot use the key ${quoteKey(key)}${where}: it is unknown, expected ${expected}`;
}

function propertiesOf(error: ErrorObject): object {
  const properties: unknown = error.parentSchema?.properties;
  return typeof properties === 'object' && properties !== null ? properties : {};
}

function expectedBy(error: ErrorObject): string {
  const description: unknown = error.parentSchema?.description;
  return typeof description === 'string' ? (description.split('. ')[0] ?? '') : 'another value';
}

/** A JSON pointer as the steps it takes: an index into a list is a number. */
function pathOf(pointer: string, root: unknown): YamlPath {
  let value: unknown = root;
  return pointer
    .split('/')
    .slice(1)
    .map((escaped) => {
      const step = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
      const isIndex = Array.isArray(value);
      value = (value as Record<string, unknown> | undefined)?.[step];
      return isIndex ? Number(step) : step;
    });
}
