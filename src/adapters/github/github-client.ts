import type { Octokit } from '@octokit/rest';
import { createOctokit, type OctokitOptions } from './create-octokit.ts';
import { isGraphqlError } from './graphql-error.ts';
import type { GraphqlProblem } from './graphql-problem.ts';
import { isFailedRequest, mapGitHubError, mapGraphqlProblems } from './map-github-error.ts';

/** One GraphQL request: a constant document and its variables. Text never becomes part of a document. */
export interface GraphqlRequest {
  document: string;
  variables: Record<string, unknown>;
  /** Completes the sentence `Cannot …`. */
  action: string;
}

interface GraphqlAnswer<Data> {
  data: Data;
  /** Problems of single fields; those without any data were thrown. */
  problems: GraphqlProblem[];
}

export interface GitHubClient {
  /** Runs a REST call as an installation, or as the App itself. One request, its errors mapped. */
  rest<Result>(as: number | 'app', action: string, call: (octokit: Octokit) => Promise<Result>): Promise<Result>;
  /** One request. Throws the mapped error when there is no data at all. */
  graphql<Data>(installationId: number, request: GraphqlRequest): Promise<GraphqlAnswer<Data>>;
}

/** Octokits that are kept: one per installation, each with its token. */
const OCTOKITS_MAX = 1000;

export function createGitHubClient(options: OctokitOptions): GitHubClient {
  const octokits = new Map<number | 'app', Octokit>();

  function octokitFor(as: number | 'app'): Octokit {
    const kept = octokits.get(as);
    if (kept) return kept;
    const oldest = octokits.keys().next();
    if (octokits.size >= OCTOKITS_MAX && !oldest.done) octokits.delete(oldest.value);
    const made = createOctokit(options, as === 'app' ? undefined : as);
    octokits.set(as, made);
    return made;
  }

  async function run<Result>(as: number | 'app', call: (octokit: Octokit) => Promise<Result>): Promise<Result> {
    const octokit = octokitFor(as);
    try {
      return await call(octokit);
    } catch (error) {
      if (as === 'app' || !isFailedRequest(error) || error.status !== 401) throw error;
      // The token was revoked before its time (permissions changed, App suspended and resumed): mint one, once.
      await octokit.auth({ type: 'installation', installationId: as, refresh: true });
      return call(octokit);
    }
  }

  return {
    async rest(as, action, call) {
      try {
        return await run(as, call);
      } catch (error) {
        throw mapGitHubError(error, action);
      }
    },
    async graphql<Data>(installationId: number, request: GraphqlRequest): Promise<GraphqlAnswer<Data>> {
      const { document, variables, action } = request;
      try {
        const data = await run(installationId, (octokit) => octokit.graphql<Data | undefined>(document, variables));
        if (data === undefined || data === null) throw mapGraphqlProblems([{ message: 'empty answer' }], action);
        return { data, problems: [] };
      } catch (error) {
        if (!isGraphqlError<Data>(error)) throw mapGitHubError(error, action);
        if (error.data === undefined || error.data === null) {
          throw mapGraphqlProblems(error.errors, action, error.headers);
        }
        return { data: error.data, problems: error.errors };
      }
    },
  };
}
