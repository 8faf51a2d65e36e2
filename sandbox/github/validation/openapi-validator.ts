import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

type Schema = Record<string, unknown>;

interface Operation {
  parameters: { name: string; in: 'path' | 'query' | 'header'; required: boolean; schema: Schema }[];
  body: Schema | null;
  /** By status; null: no JSON body. */
  responses: Record<string, Schema | null>;
}

interface Description {
  operations: Record<string, Operation>;
  schemas: Record<string, Schema>;
}

/** Statuses that any operation may answer with, although GitHub's description does not repeat them everywhere. */
const EVERYWHERE = new Set([304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429]);

/** Names the shared schemas for references. */
const SCHEMAS_ID = 'github:openapi';

/** Faults named for one request or answer; the first ones say enough. */
const FAULTS_MAX = 5;

/**
 * Checks requests and answers against GitHub's own OpenAPI description, of which `openapi.generated.json` holds the part
 * that is served. Beyond the schemas, query parameters and body properties that GitHub does not know are faults: GitHub
 * would ignore them silently, which is never what the caller meant.
 */
export class OpenApiValidator {
  private readonly description: Description;
  private readonly strict = newAjv({});
  /** Parameters are texts, whatever their schema's type. */
  private readonly coercing = newAjv({ coerceTypes: 'array' });
  private readonly compiled = new Map<Schema, ValidateFunction>();
  /** Each parameter's schema inside an object, since coercion needs a place to put the new value. */
  private readonly holders = new WeakMap<object, Schema>();

  constructor() {
    const file = new URL('../openapi.generated.json', import.meta.url);
    this.description = JSON.parse(readFileSync(file, 'utf8')) as Description;
    for (const ajv of [this.strict, this.coercing])
      ajv.addSchema({ $id: SCHEMAS_ID, schemas: this.description.schemas });
  }

  /** @returns what is wrong with it, in words; empty when nothing is */
  checkRequest(
    operation: string,
    request: { params: Record<string, string>; query: URLSearchParams; body: unknown },
  ): string[] {
    const described = this.description.operations[operation];
    if (!described) return [`${operation} is not in GitHub's description`];
    return [
      ...this.checkParameters(described, request.params, request.query),
      ...this.checkBody(described, request.body),
    ].slice(0, FAULTS_MAX);
  }

  checkAnswer(operation: string, status: number, body: unknown): string[] {
    const described = this.description.operations[operation];
    if (!described) return [];
    const schema = described.responses[String(status)];
    if (schema === undefined) {
      return EVERYWHERE.has(status) ? [] : [`status ${status} is not among ${Object.keys(described.responses)}`];
    }
    // GitHub's description leaves the body of many refusals out.
    if (schema === null) return body === undefined || status >= 400 ? [] : [`status ${status} has no body`];
    // A redirect or a raw text stands for the body; nothing to compare then.
    return body === undefined ? [] : this.faults(this.strict, schema, body, 'answer').slice(0, FAULTS_MAX);
  }

  private checkParameters(operation: Operation, params: Record<string, string>, query: URLSearchParams): string[] {
    const faults: string[] = [];
    const known = new Set<string>();
    for (const parameter of operation.parameters) {
      known.add(parameter.name);
      const value = parameter.in === 'path' ? params[parameter.name] : query.get(parameter.name);
      if (parameter.in === 'header' || value === undefined) continue;
      if (value === null) {
        if (parameter.required) faults.push(`query ${parameter.name} is missing`);
        continue;
      }
      const schema = this.holders.get(parameter) ?? { type: 'object', properties: { value: parameter.schema } };
      this.holders.set(parameter, schema);
      faults.push(...this.faults(this.coercing, schema, { value }, `${parameter.in} ${parameter.name}`));
    }
    for (const name of new Set(query.keys())) if (!known.has(name)) faults.push(`query ${name} is unknown`);
    return faults;
  }

  private checkBody(operation: Operation, body: unknown): string[] {
    if (!operation.body) return isEmpty(body) ? [] : ['a body was sent, expected none'];
    if (body === undefined) return [];
    const faults = this.faults(this.strict, operation.body, body, 'body');
    const { properties, additionalProperties, anyOf, allOf } = operation.body as {
      properties?: Schema;
      [key: string]: unknown;
    };
    if (!properties || additionalProperties || anyOf || allOf || typeof body !== 'object' || body === null)
      return faults;
    const unknown = Object.keys(body).filter((name) => !(name in properties));
    return [...faults, ...unknown.map((name) => `body ${name} is unknown`)];
  }

  private faults(ajv: Ajv, schema: Schema, value: unknown, where: string): string[] {
    const validate = this.compiled.get(schema) ?? ajv.compile(absolute(schema));
    this.compiled.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${where}${error.instancePath} ${error.message}`);
  }
}

function newAjv(options: { coerceTypes?: 'array' }): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: false, logger: false, validateFormats: true, ...options });
  addFormats.default(ajv);
  // GitHub's own default for an address that is not set is the empty text, which its format does not allow.
  ajv.addFormat('uri', (text) => text === '' || URL.canParse(text));
  return ajv;
}

/** References of an operation's own schema point into the shared document. */
function absolute(schema: Schema): Schema {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${SCHEMAS_ID}#/`);
  return JSON.parse(text) as Schema;
}

function isEmpty(body: unknown): boolean {
  return body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0);
}
