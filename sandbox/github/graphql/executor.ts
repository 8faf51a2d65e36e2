import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  Kind,
  parse,
  validate,
} from 'graphql';
import type { Actor } from '../access/actor.ts';
import { GitHubError } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import { mutationRoot } from './mutation-root.ts';
import { newContext } from './new-context.ts';
import { queryRoot } from './query-root.ts';

export interface GraphqlRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
}

/** What a document asks for, known before it runs. */
export interface GraphqlOperation {
  name: string | null;
  /** Field names at the top, mutations or not. */
  fields: string[];
  isMutation: boolean;
}

export interface GraphqlAnswer {
  data?: unknown;
  errors?: unknown[];
  /** What the document itself, or the sandbox, got wrong with GitHub's schema. */
  violations: string[];
}

const DOCUMENT_ERRORS_MAX = 5;

/** GitHub has a code for each rule of the specification; callers only tell them from failures, which have none. */
const INVALID = 'invalidDocument';

/** Runs documents against GitHub's published schema. */
export class GraphqlExecutor {
  private schema: GraphQLSchema | undefined;

  /** @returns undefined where it cannot be read */
  describe(request: GraphqlRequest): GraphqlOperation | undefined {
    const document = tryParse(request.query);
    if (!document || document instanceof Error) return undefined;
    const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
    const chosen = operations.find((one) => one.name?.value === request.operationName) ?? operations[0];
    const fields = chosen?.selectionSet.selections.flatMap((one) => (one.kind === Kind.FIELD ? one.name.value : []));
    return (
      chosen && { name: chosen.name?.value ?? null, fields: fields ?? [], isMutation: chosen.operation === 'mutation' }
    );
  }

  async execute(hub: Hub, actor: Actor, request: GraphqlRequest): Promise<GraphqlAnswer> {
    const document = tryParse(request.query);
    if (document instanceof Error) return refuse([document]);
    this.schema ??= loadSchema();
    const faults = validate(this.schema, document, undefined, { maxErrors: DOCUMENT_ERRORS_MAX });
    if (faults.length > 0) return refuse(faults);
    const violations: string[] = [];
    const context = newContext(hub, actor);
    const result = await execute({
      schema: this.schema,
      document,
      rootValue: { ...queryRoot(context), ...mutationRoot(context) },
      variableValues: request.variables,
      ...(request.operationName === undefined ? {} : { operationName: request.operationName }),
      fieldResolver: resolveServed,
    });
    const errors = (result.errors ?? []).map((error) => {
      if (!(error.originalError instanceof GitHubError)) violations.push(error.message);
      return renderError(error);
    });
    const data = result.data === undefined ? {} : { data: result.data };
    return { ...data, ...(errors.length > 0 ? { errors } : {}), violations };
  }
}

/** Like graphql-js's own, but a field that the sandbox does not serve is an error instead of a silent null. */
const resolveServed: GraphQLFieldResolver<Record<string, unknown>, unknown> = (source, args, context, info) => {
  if (!(info.fieldName in source)) {
    throw new Error(`${info.parentType.name}.${info.fieldName} is not served by this sandbox`);
  }
  const value = source[info.fieldName];
  return typeof value === 'function' ? value(args, context, info) : value;
};

function renderError(error: GraphQLError) {
  const { originalError, path, locations } = error;
  if (!(originalError instanceof GitHubError)) {
    return { message: error.message, path, locations, extensions: { code: INVALID } };
  }
  const message = originalError.errors[0]?.message ?? originalError.message;
  return { type: graphqlType(originalError), path, locations, message };
}

function graphqlType(error: GitHubError): string {
  if (error.type === 'CONFLICT' || error.type === 'NOT_ALLOWED') return 'UNPROCESSABLE';
  return error.type === 'UNAUTHENTICATED' ? 'FORBIDDEN' : error.type;
}

function refuse(errors: readonly GraphQLError[]): GraphqlAnswer {
  return {
    errors: errors.map(({ message, locations }) => ({ message, locations, extensions: { code: INVALID } })),
    violations: errors.map((error) => error.message),
  };
}

function tryParse(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query);
  } catch (error) {
    return error as GraphQLError;
  }
}

function loadSchema(): GraphQLSchema {
  // The package's own entry would parse 5 MB of JSON beside it.
  const file = new URL('schema.graphql', import.meta.resolve('@octokit/graphql-schema'));
  return buildSchema(readFileSync(file, 'utf8'), { assumeValid: true, assumeValidSDL: true, noLocation: true });
}
