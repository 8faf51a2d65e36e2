import { GitHubError } from '../github-error.ts';
import { json, plainRoute, type Routes } from './route.ts';

/** Requests an hour that an installation has on GitHub. Nothing is taken off here; faults make a limit. */
const REQUESTS_PER_HOUR = 5_000;
const HOUR_SECONDS = 3_600;

export const metaRoutes: Routes = {
  'GET /rate_limit': plainRoute((call) => {
    if (call.actor.kind === 'app') throw new GitHubError('FORBIDDEN', 'Resource not accessible');
    const limit = rateLimit();
    return json({ resources: { core: limit, search: limit, graphql: limit }, rate: limit });
  }),
};

export function rateLimit() {
  const reset = Math.floor(Date.now() / 1_000) + HOUR_SECONDS;
  return { limit: REQUESTS_PER_HOUR, used: 0, remaining: REQUESTS_PER_HOUR, reset };
}
