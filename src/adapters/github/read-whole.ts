import type { GitHubClient, GraphqlRequest } from './github-client.ts';
import { kindOfProblem } from './graphql-problem.ts';
import { mapGraphqlProblems } from './map-github-error.ts';

/**
 * One request whose answer is whole: a field that GitHub could not answer is an error, since it would read as absent, and
 * what is absent is deployed otherwise than what is there.
 * @param request.absent whether something named in the document may not be there
 */
export async function readWhole<Data>(
  client: GitHubClient,
  installationId: number,
  request: GraphqlRequest & { absent?: boolean },
): Promise<Data> {
  const { absent = false, ...rest } = request;
  const { data, problems } = await client.graphql<Data>(installationId, rest);
  const serious = problems.filter((problem) => !absent || kindOfProblem(problem) !== 'gone');
  if (serious.length > 0) throw mapGraphqlProblems(serious, request.action);
  return data;
}
