import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { restRoutes } from '../../sandbox/github/rest/routes.ts';

/**
 * Makes `sandbox/github/openapi.generated.json`: of GitHub's OpenAPI description the operations that the sandbox serves,
 * and the schemas they lead to, as plain JSON Schema. Run by hand after a route was added:
 * `npm ci --prefix test/schemas && node test/schemas/extract.ts`.
 */

const SOURCE = new URL('node_modules/@octokit/openapi/generated/api.github.com.json', import.meta.url);
export const GENERATED = new URL('../../sandbox/github/openapi.generated.json', import.meta.url);

/** Parameters described as a date that take a range in search syntax, as their own documentation says. */
const TEXTS = new Set(['created']);

type Json = Record<string, unknown>;

/** Keywords that a validator has no use for. */
const DROPPED = new Set([
  'description',
  'title',
  'example',
  'examples',
  'externalDocs',
  'deprecated',
  'default',
  'discriminator',
  'xml',
  'readOnly',
  'writeOnly',
]);

/** Keywords whose value maps names to schemas. */
const MAPS = new Set(['properties', 'patternProperties', 'definitions']);

export function extract(): string {
  const description = JSON.parse(readFileSync(SOURCE, 'utf8')) as Json;
  const operations: Json = {};
  for (const operation of Object.keys(restRoutes).sort()) {
    operations[operation] = extractOperation(description, operation);
  }
  const schemas: Json = {};
  collectSchemas(description, operations, schemas);
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1)));
  return `${JSON.stringify({ operations, schemas: sorted })}\n`;
}

function extractOperation(description: Json, name: string): Json {
  const [method = '', path = ''] = name.split(' ');
  const item = at(description, ['paths', path]);
  const operation = item && at(item, [method.toLowerCase()]);
  if (!item || !operation)
    throw new Error(`Cannot extract "${name}": not in GitHub's description, expected an operation`);
  const parameters = [...list(item.parameters), ...list(operation.parameters)].map((one) => resolve(description, one));
  const responses: Json = {};
  for (const [status, response] of Object.entries((operation.responses ?? {}) as Json)) {
    responses[status] = jsonSchemaOf(resolve(description, response as Json));
  }
  const body = operation.requestBody ? resolve(description, operation.requestBody as Json) : undefined;
  return {
    parameters: parameters.map((one) => ({
      name: one.name,
      in: one.in,
      required: one.required === true,
      schema: TEXTS.has(String(one.name)) ? { type: 'string' } : convert(one.schema as Json),
    })),
    body: body ? jsonSchemaOf(body) : null,
    responses,
  };
}

/** @returns null where there is no JSON content */
function jsonSchemaOf(holder: Json): Json | null {
  const content = (holder.content ?? {}) as Record<string, Json>;
  const chosen = content['application/json'] ?? Object.values(content)[0];
  return chosen?.schema ? convert(chosen.schema as Json) : null;
}

function collectSchemas(description: Json, value: unknown, schemas: Json): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string') {
      const name = inner.slice('#/schemas/'.length);
      if (name in schemas) continue;
      schemas[name] = convert(at(description, ['components', 'schemas', name]) ?? {});
      collectSchemas(description, schemas[name], schemas);
    } else {
      collectSchemas(description, inner, schemas);
    }
  }
}

/** OpenAPI 3.0 schema → JSON Schema: no annotations, `nullable` as a type, local references. */
function convert(schema: Json): Json {
  const converted: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key) || key.startsWith('x-') || key === 'nullable') continue;
    converted[renamed(key)] = convertValue(key, value);
  }
  return schema.nullable === true ? orNull(converted) : converted;
}

function convertValue(key: string, value: unknown): unknown {
  if (key === '$ref') return String(value).replace('#/components/schemas/', '#/schemas/');
  if (key === 'enum' || key === 'required') return value;
  if (MAPS.has(key)) {
    return Object.fromEntries(Object.entries(value as Json).map(([name, inner]) => [name, convert(inner as Json)]));
  }
  if (Array.isArray(value)) return value.map((inner) => (isObject(inner) ? convert(inner) : inner));
  return isObject(value) ? convert(value) : value;
}

/** GitHub's alternatives overlap, so that "exactly one" would refuse what GitHub itself sends. */
function renamed(key: string): string {
  return key === 'oneOf' ? 'anyOf' : key;
}

function orNull(schema: Json): Json {
  const { type } = schema;
  if (typeof type !== 'string' || '$ref' in schema) return { anyOf: [{ type: 'null' }, schema] };
  const allowed = Array.isArray(schema.enum) ? { enum: [...new Set([...schema.enum, null])] } : {};
  return { ...schema, type: [type, 'null'], ...allowed };
}

function resolve(description: Json, value: Json): Json {
  if (typeof value.$ref !== 'string') return value;
  const found = at(description, value.$ref.slice(2).split('/'));
  if (!found) throw new Error(`Cannot resolve "${value.$ref}": nothing there, expected an object`);
  return resolve(description, found);
}

function at(value: Json, path: string[]): Json | undefined {
  let current: unknown = value;
  for (const key of path) current = isObject(current) ? current[key] : undefined;
  return isObject(current) ? current : undefined;
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(GENERATED, extract());
