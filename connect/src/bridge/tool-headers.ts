import { exactDigits } from './exact-json.ts';
import { isObject, type JsonObject } from './json-rpc.ts';

/** A tool's parameter that is mirrored into a header (2026-07-28, streamable HTTP, custom headers). */
export interface HeaderParameter {
  /** `Mcp-Param-Region` */
  header: string;
  /** Keys from the arguments down to the value. */
  path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: readonly unknown[] = ['string', 'integer', 'boolean'];

/** Objects and arrays inside each other that are searched; a schema of a tool call is rarely deeper than five. */
const DEPTH_MAX = 64;

/**
 * The parameters of an `inputSchema` to mirror, or why the definition is invalid: an `x-mcp-header` that is no header
 * name, is used twice, stands at something else than a string, an integer or a boolean, or is not reached by
 * `properties` alone.
 */
export function readHeaderParameters(inputSchema: unknown): { parameters: HeaderParameter[] } | { problem: string } {
  const parameters: HeaderParameter[] = [];
  const problem = visit(inputSchema, { path: [], isReachable: true, depth: 0, parameters });
  return problem === undefined ? { parameters } : { problem };
}

interface Place {
  path: readonly string[];
  /** Whether only `properties` lead here. */
  isReachable: boolean;
  depth: number;
  parameters: HeaderParameter[];
}

function visit(schema: unknown, place: Place): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if (place.depth > DEPTH_MAX) return 'its input schema is nested too deeply';
  if (!Array.isArray(schema)) {
    const problem = takeAnnotation(schema as JsonObject, place);
    if (problem !== undefined) return problem;
  }
  for (const [key, child] of Object.entries(schema)) {
    const depth = place.depth + 1;
    const problem =
      key === 'properties' && isObject(child)
        ? visitProperties(child, { ...place, depth })
        : DATA_KEYWORDS.has(key)
          ? undefined
          : visit(child, { ...place, depth, isReachable: false });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Keywords whose value is data and no schema. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples', 'x-mcp-header']);

function visitProperties(properties: JsonObject, place: Place): string | undefined {
  for (const [name, property] of Object.entries(properties)) {
    const problem = visit(property, { ...place, path: [...place.path, name] });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function takeAnnotation(schema: JsonObject, { path, isReachable, parameters }: Place): string | undefined {
  if (!Object.hasOwn(schema, 'x-mcp-header')) return undefined;
  const name = schema['x-mcp-header'];
  const where = path.join('.') || 'the schema itself';
  if (typeof name !== 'string' || !TOKEN.test(name)) return `x-mcp-header of ${where} is no header name`;
  if (!isReachable || path.length === 0) return `x-mcp-header "${name}" stands where no argument is`;
  if (!TYPES.includes(schema.type)) return `x-mcp-header of ${where} is at neither a string, an integer nor a boolean`;
  const header = `Mcp-Param-${name}`;
  if (parameters.some((other) => other.header.toLowerCase() === header.toLowerCase())) {
    return `x-mcp-header "${name}" is used twice`;
  }
  parameters.push({ header, path });
  return undefined;
}

/** The headers of a call with these arguments. Absent and null values have none. */
export function mirrorArguments(parameters: readonly HeaderParameter[], args: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of parameters) {
    const value = valueAt(args, path);
    const digits = exactDigits(value);
    if (digits !== undefined) headers[header] = digits;
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      headers[header] = encodeHeaderValue(String(value));
    }
  }
  return headers;
}

/** Plain visible ASCII as it is, everything else and what looks encoded as `=?base64?…?=` of UTF-8. */
export function encodeHeaderValue(value: string): string {
  const isPlain = /^[\x20-\x7e]*$/.test(value) && value.trim() === value && !/^=\?base64\?.*\?=$/.test(value);
  return isPlain ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const step of path) {
    if (!isObject(found) || !Object.hasOwn(found, step)) return undefined;
    found = found[step];
  }
  return found;
}
