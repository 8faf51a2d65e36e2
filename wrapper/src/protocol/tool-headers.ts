import { isObject } from './json-rpc.ts';

/** A tool's parameter that clients mirror into a header (2026-07-28, streamable HTTP, custom headers). */
export interface HeaderParameter {
  /** In lower case, as Node gives header names: `mcp-param-region`. */
  header: string;
  /** Keys from the arguments down to the value. */
  path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: readonly unknown[] = ['string', 'integer', 'boolean'];
/** Objects inside each other that are searched; a schema of a tool call is rarely deeper than five. */
const DEPTH_MAX = 32;

/** The annotated parameters, reached by `properties` alone. Annotations that break the rules are no parameters. */
export function findHeaderParameters(inputSchema: unknown): HeaderParameter[] {
  const found: HeaderParameter[] = [];
  collect(inputSchema, [], found);
  return found;
}

function collect(schema: unknown, path: readonly string[], found: HeaderParameter[]): void {
  if (!isObject(schema) || !isObject(schema.properties) || path.length >= DEPTH_MAX) return;
  for (const [name, property] of Object.entries(schema.properties)) {
    if (!isObject(property)) continue;
    const header = property['x-mcp-header'];
    const here = [...path, name];
    if (typeof header === 'string' && TOKEN.test(header) && TYPES.includes(property.type)) {
      found.push({ header: `mcp-param-${header.toLowerCase()}`, path: here });
    }
    collect(property, here, found);
  }
}
