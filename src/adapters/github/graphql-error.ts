import type { GraphqlProblem } from './graphql-problem.ts';

/** An answer with problems, and perhaps with data. */
export interface GraphqlError<Data> extends Error {
  data?: Data | null;
  errors: GraphqlProblem[];
  headers: Record<string, string | number | undefined>;
}

/** Octokit's `GraphqlResponseError`, known by its shape for the reason given at `isFailedRequest`. */
export function isGraphqlError<Data>(error: unknown): error is GraphqlError<Data> {
  return error instanceof Error && error.name === 'GraphqlResponseError' && 'errors' in error;
}
