import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { ProblemDetail } from './problem.ts';

/** Bodies are taken as they are; what comes in a URL or a header is text, and made what its schema says. */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  const body = createAjv(false);
  const text = createAjv(true);
  return ({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema as object);
}

/** Says each thing that is wrong where it is. */
export function describeErrors(errors: FastifySchemaValidationError[], place: string): ProblemDetail[] {
  return (errors as ErrorObject[]).map(({ instancePath, message, params }) => {
    const unknown = params.additionalProperty === undefined ? '' : ` ("${String(params.additionalProperty)}")`;
    return { pointer: `${place}${instancePath}`, detail: `${message ?? 'is not valid'}${unknown}` };
  });
}

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({ allErrors: true, coerceTypes, useDefaults: true, strict: true, allowUnionTypes: true });
  addFormats.default(ajv);
  return ajv;
}
