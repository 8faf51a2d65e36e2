import type { Actor } from '../access/actor.ts';
import { authorize, canSee } from '../access/authorize.ts';
import type { Violations } from '../control/violations.ts';
import { GitHubError, notFound, unprocessable } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { RestAnswer, RestCall } from '../rest/route.ts';
import type { MatchedRoute } from '../rest/router.ts';
import type { OpenApiValidator } from '../validation/openapi-validator.ts';
import { errorAnswer } from './send-answer.ts';

export interface RestParts {
  hub: Hub;
  validator: OpenApiValidator;
  violations: Violations;
}

/**
 * Answers one REST operation. A request that GitHub's description does not allow is a violation and is refused with 422;
 * an answer that it does not allow is a violation and goes out all the same.
 */
export async function answerRest(
  parts: RestParts,
  matched: MatchedRoute,
  request: { actor: Actor; query: URLSearchParams; body: unknown; accept: string; path: string },
): Promise<RestAnswer> {
  const { operation, params } = matched;
  const { query, body, actor, accept, path } = request;
  const faults = parts.validator.checkRequest(operation, { params, query, body });
  parts.violations.add(`request ${operation}`, faults);
  const fields = Array.isArray(body) ? { labels: body } : ((body ?? {}) as RestCall['body']);
  const call: RestCall = { hub: parts.hub, actor, params, query, body: fields, accept, path };
  const answer = await refusals(async () => {
    if (faults.length > 0) throw unprocessable(`Invalid request.\n\n${faults.join('\n')}`);
    return run(matched, call);
  });
  parts.violations.add(`answer ${operation}`, parts.validator.checkAnswer(operation, answer.status, answer.body));
  return answer;
}

function run({ route }: MatchedRoute, call: RestCall): RestAnswer | Promise<RestAnswer> {
  if (route.kind === 'plain') return route.handle(call);
  const { owner = '', repo = '' } = call.params;
  const repository = call.hub.store.repositoryByName(owner, repo);
  if (!repository || !canSee(call.hub, repository, call.actor)) throw notFound();
  authorize(call.hub, repository, call.actor, route.need);
  return route.handle({ ...call, repository });
}

async function refusals(work: () => Promise<RestAnswer>): Promise<RestAnswer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitHubError) return errorAnswer(error);
    throw error;
  }
}
